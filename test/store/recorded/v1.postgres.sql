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
CREATE TABLE public.schema_version (
    version integer NOT NULL
);
CREATE TABLE public.tokens (
    id text NOT NULL,
    name text NOT NULL,
    hash text NOT NULL,
    created_at text NOT NULL,
    last_used_at text,
    revoked_at text,
    revocation integer
);
INSERT INTO public.schema_version VALUES (1);
INSERT INTO public.tokens VALUES ('tok_1Q0G23HsHdZMbs4VC', 'phone', '6ceb5849b435e4463bd080fef6f217893b1975167bbae1dfafd4139671611d80', '2026-11-28T15:05:30.633Z', NULL, NULL, NULL);
INSERT INTO public.tokens VALUES ('tok_153EbOkeIZDzNB6ZF', 'ci', '07689098d6da1a68e36eb9a9ba77c28e6d1ecd05c321f64b39d68ee8f0a87e57', '2026-11-28T15:05:30.632Z', NULL, '2026-11-28T15:05:30.639Z', 1);
INSERT INTO public.tokens VALUES ('tok_0tyYGQL1qKgAxndKC', 'ci-old', 'bdc99a353bc051a804c40f3b0a6ff0991b549980cb79ab3e67aa1eb3c7ca0212', '2026-11-28T15:05:30.635Z', NULL, '2026-11-28T15:05:30.643Z', 2);
INSERT INTO public.tokens VALUES ('tok_0aE8AKiAE9Gk6Sp02', 'laptop', 'd03ac30480417471ee5d908176edd9d000a9c40574a0c59dda497cd34659252b', '2026-11-28T15:05:30.630Z', '2026-11-01T12:00:00.000Z', NULL, NULL);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_revocation_key UNIQUE (revocation);
CREATE UNIQUE INDEX tokens_live_name ON public.tokens USING btree (name) WHERE (revoked_at IS NULL);
