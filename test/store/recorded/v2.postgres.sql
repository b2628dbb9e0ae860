SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.accounts (
    id text NOT NULL,
    name text NOT NULL,
    created_at text NOT NULL,
    disabled_at text
);
CREATE TABLE public.audit (
    id text NOT NULL,
    at text NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    details text,
    address text
);
CREATE TABLE public.certificates (
    name text NOT NULL,
    chain text NOT NULL,
    key text NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL
);
CREATE TABLE public.reservations (
    id text NOT NULL,
    account_id text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    created_at text NOT NULL,
    proof text,
    verified_at text,
    failing_since text
);
CREATE TABLE public.schema_version (
    version integer NOT NULL
);
CREATE TABLE public.tokens (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    hash text NOT NULL,
    rights text,
    created_at text NOT NULL,
    expires_at text,
    last_used_at text,
    revoked_at text,
    revocation integer
);
CREATE TABLE public.tunnels (
    id text NOT NULL,
    account_id text NOT NULL,
    token_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    node text NOT NULL,
    bound_at text NOT NULL,
    unbound_at text,
    why text
);
CREATE TABLE public.usage (
    account_id text NOT NULL,
    day text NOT NULL,
    connections bigint NOT NULL,
    requests bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL
);
INSERT INTO public.accounts VALUES ('acc_default', 'default', '2026-11-28T17:09:46.922Z', NULL);
INSERT INTO public.reservations VALUES ('res_19zGyaMMzgXy39weK', 'acc_default', 'subdomain', 'shop', '2026-11-28T17:09:46.950Z', NULL, NULL, NULL);
INSERT INTO public.reservations VALUES ('res_0WPo92CmDP9xBG7ge', 'acc_default', 'domain', 'shop.example.org', '2026-11-28T17:09:46.951Z', 'uniroute-proof=recorded', NULL, NULL);
INSERT INTO public.schema_version VALUES (2);
INSERT INTO public.tokens VALUES ('tok_1Q0G23HsHdZMbs4VC', 'acc_default', 'phone', '6ceb5849b435e4463bd080fef6f217893b1975167bbae1dfafd4139671611d80', NULL, '2026-11-28T15:05:30.633Z', NULL, NULL, NULL, NULL);
INSERT INTO public.tokens VALUES ('tok_153EbOkeIZDzNB6ZF', 'acc_default', 'ci', '07689098d6da1a68e36eb9a9ba77c28e6d1ecd05c321f64b39d68ee8f0a87e57', NULL, '2026-11-28T15:05:30.632Z', NULL, NULL, '2026-11-28T15:05:30.639Z', 1);
INSERT INTO public.tokens VALUES ('tok_0tyYGQL1qKgAxndKC', 'acc_default', 'ci-old', 'bdc99a353bc051a804c40f3b0a6ff0991b549980cb79ab3e67aa1eb3c7ca0212', NULL, '2026-11-28T15:05:30.635Z', NULL, NULL, '2026-11-28T15:05:30.643Z', 2);
INSERT INTO public.tokens VALUES ('tok_0aE8AKiAE9Gk6Sp02', 'acc_default', 'laptop', 'd03ac30480417471ee5d908176edd9d000a9c40574a0c59dda497cd34659252b', NULL, '2026-11-28T15:05:30.630Z', NULL, '2026-11-01T12:00:00.000Z', NULL, NULL);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_name_key UNIQUE (name);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_value UNIQUE (kind, value);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_of_accounts_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_of_accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_of_accounts_revocation_key UNIQUE (revocation);
ALTER TABLE ONLY public.tunnels
    ADD CONSTRAINT tunnels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT usage_day PRIMARY KEY (account_id, day);
CREATE INDEX audit_at ON public.audit USING btree (at);
CREATE INDEX reservations_account ON public.reservations USING btree (account_id);
CREATE UNIQUE INDEX tokens_live_name ON public.tokens USING btree (name) WHERE (revoked_at IS NULL);
CREATE INDEX tunnels_account ON public.tunnels USING btree (account_id);
CREATE INDEX tunnels_open ON public.tunnels USING btree (node) WHERE (unbound_at IS NULL);
ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_of_accounts_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);
ALTER TABLE ONLY public.tunnels
    ADD CONSTRAINT tunnels_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);
ALTER TABLE ONLY public.tunnels
    ADD CONSTRAINT tunnels_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT usage_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);
