import * as $protobuf from "protobufjs/minimal.js";

/** Namespace uniroute. */
export namespace uniroute {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a Control.
         * @deprecated Use uniroute.v1.Control.$Properties instead.
         */
        interface IControl extends uniroute.v1.Control.$Properties {
        }

        /** Represents a Control. */
        class Control {

            /**
             * Constructs a new Control.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Control.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Control bind. */
            bind?: (uniroute.v1.Bind.$Properties|null);

            /** Control bound. */
            bound?: (uniroute.v1.Bound.$Properties|null);

            /** Control refused. */
            refused?: (uniroute.v1.Refused.$Properties|null);

            /** Control unbind. */
            unbind?: (uniroute.v1.Unbind.$Properties|null);

            /** Control carriers. */
            carriers?: (uniroute.v1.Carriers.$Properties|null);

            /** Control drain. */
            drain?: (uniroute.v1.Drain.$Properties|null);

            /** Control notice. */
            notice?: (uniroute.v1.Notice.$Properties|null);

            /** Control stats. */
            stats?: (uniroute.v1.Stats.$Properties|null);

            /** Control message. */
            message?: ("bind"|"bound"|"refused"|"unbind"|"carriers"|"drain"|"notice"|"stats");

            /**
             * Creates a new Control instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Control instance
             */
            static create(properties: uniroute.v1.Control.$Shape): uniroute.v1.Control & uniroute.v1.Control.$Shape;
            static create(properties?: uniroute.v1.Control.$Properties): uniroute.v1.Control;

            /**
             * Encodes the specified Control message. Does not implicitly {@link uniroute.v1.Control.verify|verify} messages.
             * @param message Control message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Control.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Control message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Control & uniroute.v1.Control.$Shape} Control
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Control & uniroute.v1.Control.$Shape;
        }

        namespace Control {

            /** Properties of a Control. */
            interface $Properties {

                /** Control bind */
                bind?: (uniroute.v1.Bind.$Properties|null);

                /** Control bound */
                bound?: (uniroute.v1.Bound.$Properties|null);

                /** Control refused */
                refused?: (uniroute.v1.Refused.$Properties|null);

                /** Control unbind */
                unbind?: (uniroute.v1.Unbind.$Properties|null);

                /** Control carriers */
                carriers?: (uniroute.v1.Carriers.$Properties|null);

                /** Control drain */
                drain?: (uniroute.v1.Drain.$Properties|null);

                /** Control notice */
                notice?: (uniroute.v1.Notice.$Properties|null);

                /** Control stats */
                stats?: (uniroute.v1.Stats.$Properties|null);

                /** Control message */
                message?: ("bind"|"bound"|"refused"|"unbind"|"carriers"|"drain"|"notice"|"stats");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Control. */
            type $Shape = {
              bind?: uniroute.v1.Bind.$Shape|null;
              bound?: uniroute.v1.Bound.$Shape|null;
              refused?: uniroute.v1.Refused.$Shape|null;
              unbind?: uniroute.v1.Unbind.$Shape|null;
              carriers?: uniroute.v1.Carriers.$Shape|null;
              drain?: uniroute.v1.Drain.$Shape|null;
              notice?: uniroute.v1.Notice.$Shape|null;
              stats?: uniroute.v1.Stats.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ message?: undefined; bind?: null; bound?: null; refused?: null; unbind?: null; carriers?: null; drain?: null; notice?: null; stats?: null }|{ message?: "bind"; bind: uniroute.v1.Bind.$Shape; bound?: null; refused?: null; unbind?: null; carriers?: null; drain?: null; notice?: null; stats?: null }|{ message?: "bound"; bind?: null; bound: uniroute.v1.Bound.$Shape; refused?: null; unbind?: null; carriers?: null; drain?: null; notice?: null; stats?: null }|{ message?: "refused"; bind?: null; bound?: null; refused: uniroute.v1.Refused.$Shape; unbind?: null; carriers?: null; drain?: null; notice?: null; stats?: null }|{ message?: "unbind"; bind?: null; bound?: null; refused?: null; unbind: uniroute.v1.Unbind.$Shape; carriers?: null; drain?: null; notice?: null; stats?: null }|{ message?: "carriers"; bind?: null; bound?: null; refused?: null; unbind?: null; carriers: uniroute.v1.Carriers.$Shape; drain?: null; notice?: null; stats?: null }|{ message?: "drain"; bind?: null; bound?: null; refused?: null; unbind?: null; carriers?: null; drain: uniroute.v1.Drain.$Shape; notice?: null; stats?: null }|{ message?: "notice"; bind?: null; bound?: null; refused?: null; unbind?: null; carriers?: null; drain?: null; notice: uniroute.v1.Notice.$Shape; stats?: null }|{ message?: "stats"; bind?: null; bound?: null; refused?: null; unbind?: null; carriers?: null; drain?: null; notice?: null; stats: uniroute.v1.Stats.$Shape })
            );
        }

        /** Kind enum. */
        enum Kind {

            /** KIND_UNSPECIFIED value */
            KIND_UNSPECIFIED = 0,

            /** KIND_TCP value */
            KIND_TCP = 1,

            /** KIND_TLS value */
            KIND_TLS = 2,

            /** KIND_HTTP value */
            KIND_HTTP = 3,

            /** KIND_UDP value */
            KIND_UDP = 4
        }

        /**
         * Properties of a Bind.
         * @deprecated Use uniroute.v1.Bind.$Properties instead.
         */
        interface IBind extends uniroute.v1.Bind.$Properties {
        }

        /** Represents a Bind. */
        class Bind {

            /**
             * Constructs a new Bind.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Bind.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Bind request. */
            request: number;

            /** Bind kind. */
            kind: uniroute.v1.Kind;

            /** Bind name. */
            name: string;

            /** Bind remotePort. */
            remotePort: number;

            /** Bind preferredPort. */
            preferredPort: number;

            /** Bind subdomain. */
            subdomain: string;

            /** Bind domain. */
            domain: string;

            /** Bind proxyProtocol. */
            proxyProtocol: number;

            /** Bind holdMs. */
            holdMs: number;

            /** Bind http. */
            http?: (uniroute.v1.Http.$Properties|null);

            /** Bind httpOptions. */
            httpOptions?: (uniroute.v1.HttpOptions.$Properties|null);

            /**
             * Creates a new Bind instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Bind instance
             */
            static create(properties: uniroute.v1.Bind.$Shape): uniroute.v1.Bind & uniroute.v1.Bind.$Shape;
            static create(properties?: uniroute.v1.Bind.$Properties): uniroute.v1.Bind;

            /**
             * Encodes the specified Bind message. Does not implicitly {@link uniroute.v1.Bind.verify|verify} messages.
             * @param message Bind message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Bind.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Bind message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Bind & uniroute.v1.Bind.$Shape} Bind
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Bind & uniroute.v1.Bind.$Shape;
        }

        namespace Bind {

            /** Properties of a Bind. */
            interface $Properties {

                /** Bind request */
                request?: (number|null);

                /** Bind kind */
                kind?: (uniroute.v1.Kind|null);

                /** Bind name */
                name?: (string|null);

                /** Bind remotePort */
                remotePort?: (number|null);

                /** Bind preferredPort */
                preferredPort?: (number|null);

                /** Bind subdomain */
                subdomain?: (string|null);

                /** Bind domain */
                domain?: (string|null);

                /** Bind proxyProtocol */
                proxyProtocol?: (number|null);

                /** Bind holdMs */
                holdMs?: (number|null);

                /** Bind http */
                http?: (uniroute.v1.Http.$Properties|null);

                /** Bind httpOptions */
                httpOptions?: (uniroute.v1.HttpOptions.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Bind. */
            type $Shape = uniroute.v1.Bind.$Properties;
        }

        /**
         * Properties of a Http.
         * @deprecated Use uniroute.v1.Http.$Properties instead.
         */
        interface IHttp extends uniroute.v1.Http.$Properties {
        }

        /** Represents a Http. */
        class Http {

            /**
             * Constructs a new Http.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Http.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Http path. */
            path: string;

            /** Http preferredHost. */
            preferredHost: string;

            /** Http scheme. */
            scheme: uniroute.v1.Http.Scheme;

            /** Http upstreamProtocol. */
            upstreamProtocol: uniroute.v1.Http.UpstreamProtocol;

            /** Http balance. */
            balance: uniroute.v1.Http.Balance;

            /** Http weight. */
            weight: number;

            /** Http sticky. */
            sticky: boolean;

            /**
             * Creates a new Http instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Http instance
             */
            static create(properties: uniroute.v1.Http.$Shape): uniroute.v1.Http & uniroute.v1.Http.$Shape;
            static create(properties?: uniroute.v1.Http.$Properties): uniroute.v1.Http;

            /**
             * Encodes the specified Http message. Does not implicitly {@link uniroute.v1.Http.verify|verify} messages.
             * @param message Http message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Http.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Http message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Http & uniroute.v1.Http.$Shape} Http
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Http & uniroute.v1.Http.$Shape;
        }

        namespace Http {

            /** Properties of a Http. */
            interface $Properties {

                /** Http path */
                path?: (string|null);

                /** Http preferredHost */
                preferredHost?: (string|null);

                /** Http scheme */
                scheme?: (uniroute.v1.Http.Scheme|null);

                /** Http upstreamProtocol */
                upstreamProtocol?: (uniroute.v1.Http.UpstreamProtocol|null);

                /** Http balance */
                balance?: (uniroute.v1.Http.Balance|null);

                /** Http weight */
                weight?: (number|null);

                /** Http sticky */
                sticky?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Http. */
            type $Shape = uniroute.v1.Http.$Properties;

            /** Scheme enum. */
            enum Scheme {

                /** HTTPS value */
                HTTPS = 0,

                /** HTTP value */
                HTTP = 1,

                /** BOTH value */
                BOTH = 2
            }

            /** UpstreamProtocol enum. */
            enum UpstreamProtocol {

                /** HTTP1 value */
                HTTP1 = 0,

                /** HTTP2 value */
                HTTP2 = 1
            }

            /** Balance enum. */
            enum Balance {

                /** NONE value */
                NONE = 0,

                /** ROUND_ROBIN value */
                ROUND_ROBIN = 1,

                /** LEAST_CONNECTIONS value */
                LEAST_CONNECTIONS = 2
            }
        }

        /**
         * Properties of a Bound.
         * @deprecated Use uniroute.v1.Bound.$Properties instead.
         */
        interface IBound extends uniroute.v1.Bound.$Properties {
        }

        /** Represents a Bound. */
        class Bound {

            /**
             * Constructs a new Bound.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Bound.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Bound request. */
            request: number;

            /** Bound tunnelId. */
            tunnelId: number;

            /** Bound publicUrl. */
            publicUrl: string;

            /** Bound remotePort. */
            remotePort: number;

            /**
             * Creates a new Bound instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Bound instance
             */
            static create(properties: uniroute.v1.Bound.$Shape): uniroute.v1.Bound & uniroute.v1.Bound.$Shape;
            static create(properties?: uniroute.v1.Bound.$Properties): uniroute.v1.Bound;

            /**
             * Encodes the specified Bound message. Does not implicitly {@link uniroute.v1.Bound.verify|verify} messages.
             * @param message Bound message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Bound.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Bound message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Bound & uniroute.v1.Bound.$Shape} Bound
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Bound & uniroute.v1.Bound.$Shape;
        }

        namespace Bound {

            /** Properties of a Bound. */
            interface $Properties {

                /** Bound request */
                request?: (number|null);

                /** Bound tunnelId */
                tunnelId?: (number|null);

                /** Bound publicUrl */
                publicUrl?: (string|null);

                /** Bound remotePort */
                remotePort?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Bound. */
            type $Shape = uniroute.v1.Bound.$Properties;
        }

        /**
         * Properties of a Refused.
         * @deprecated Use uniroute.v1.Refused.$Properties instead.
         */
        interface IRefused extends uniroute.v1.Refused.$Properties {
        }

        /** Represents a Refused. */
        class Refused {

            /**
             * Constructs a new Refused.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Refused.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Refused request. */
            request: number;

            /** Refused code. */
            code: string;

            /** Refused message. */
            message: string;

            /** Refused retryable. */
            retryable: boolean;

            /** Refused retryAfterMs. */
            retryAfterMs: number;

            /** Refused tunnelId. */
            tunnelId: number;

            /** Refused protocols. */
            protocols: number[];

            /**
             * Creates a new Refused instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Refused instance
             */
            static create(properties: uniroute.v1.Refused.$Shape): uniroute.v1.Refused & uniroute.v1.Refused.$Shape;
            static create(properties?: uniroute.v1.Refused.$Properties): uniroute.v1.Refused;

            /**
             * Encodes the specified Refused message. Does not implicitly {@link uniroute.v1.Refused.verify|verify} messages.
             * @param message Refused message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Refused.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Refused message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Refused & uniroute.v1.Refused.$Shape} Refused
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Refused & uniroute.v1.Refused.$Shape;
        }

        namespace Refused {

            /** Properties of a Refused. */
            interface $Properties {

                /** Refused request */
                request?: (number|null);

                /** Refused code */
                code?: (string|null);

                /** Refused message */
                message?: (string|null);

                /** Refused retryable */
                retryable?: (boolean|null);

                /** Refused retryAfterMs */
                retryAfterMs?: (number|null);

                /** Refused tunnelId */
                tunnelId?: (number|null);

                /** Refused protocols */
                protocols?: (number[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Refused. */
            type $Shape = uniroute.v1.Refused.$Properties;
        }

        /**
         * Properties of an Unbind.
         * @deprecated Use uniroute.v1.Unbind.$Properties instead.
         */
        interface IUnbind extends uniroute.v1.Unbind.$Properties {
        }

        /** Represents an Unbind. */
        class Unbind {

            /**
             * Constructs a new Unbind.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Unbind.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Unbind tunnelId. */
            tunnelId: number;

            /**
             * Creates a new Unbind instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Unbind instance
             */
            static create(properties: uniroute.v1.Unbind.$Shape): uniroute.v1.Unbind & uniroute.v1.Unbind.$Shape;
            static create(properties?: uniroute.v1.Unbind.$Properties): uniroute.v1.Unbind;

            /**
             * Encodes the specified Unbind message. Does not implicitly {@link uniroute.v1.Unbind.verify|verify} messages.
             * @param message Unbind message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Unbind.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Unbind message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Unbind & uniroute.v1.Unbind.$Shape} Unbind
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Unbind & uniroute.v1.Unbind.$Shape;
        }

        namespace Unbind {

            /** Properties of an Unbind. */
            interface $Properties {

                /** Unbind tunnelId */
                tunnelId?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Unbind. */
            type $Shape = uniroute.v1.Unbind.$Properties;
        }

        /**
         * Properties of a Carriers.
         * @deprecated Use uniroute.v1.Carriers.$Properties instead.
         */
        interface ICarriers extends uniroute.v1.Carriers.$Properties {
        }

        /** Represents a Carriers. */
        class Carriers {

            /**
             * Constructs a new Carriers.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Carriers.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Carriers wanted. */
            wanted: number;

            /**
             * Creates a new Carriers instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Carriers instance
             */
            static create(properties: uniroute.v1.Carriers.$Shape): uniroute.v1.Carriers & uniroute.v1.Carriers.$Shape;
            static create(properties?: uniroute.v1.Carriers.$Properties): uniroute.v1.Carriers;

            /**
             * Encodes the specified Carriers message. Does not implicitly {@link uniroute.v1.Carriers.verify|verify} messages.
             * @param message Carriers message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Carriers.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Carriers message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Carriers & uniroute.v1.Carriers.$Shape} Carriers
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Carriers & uniroute.v1.Carriers.$Shape;
        }

        namespace Carriers {

            /** Properties of a Carriers. */
            interface $Properties {

                /** Carriers wanted */
                wanted?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Carriers. */
            type $Shape = uniroute.v1.Carriers.$Properties;
        }

        /**
         * Properties of a Drain.
         * @deprecated Use uniroute.v1.Drain.$Properties instead.
         */
        interface IDrain extends uniroute.v1.Drain.$Properties {
        }

        /** Represents a Drain. */
        class Drain {

            /**
             * Constructs a new Drain.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Drain.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Drain graceMs. */
            graceMs: number;

            /** Drain reason. */
            reason: string;

            /** Drain instead. */
            instead: string[];

            /**
             * Creates a new Drain instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Drain instance
             */
            static create(properties: uniroute.v1.Drain.$Shape): uniroute.v1.Drain & uniroute.v1.Drain.$Shape;
            static create(properties?: uniroute.v1.Drain.$Properties): uniroute.v1.Drain;

            /**
             * Encodes the specified Drain message. Does not implicitly {@link uniroute.v1.Drain.verify|verify} messages.
             * @param message Drain message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Drain.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Drain message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Drain & uniroute.v1.Drain.$Shape} Drain
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Drain & uniroute.v1.Drain.$Shape;
        }

        namespace Drain {

            /** Properties of a Drain. */
            interface $Properties {

                /** Drain graceMs */
                graceMs?: (number|null);

                /** Drain reason */
                reason?: (string|null);

                /** Drain instead */
                instead?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Drain. */
            type $Shape = uniroute.v1.Drain.$Properties;
        }

        /**
         * Properties of a Notice.
         * @deprecated Use uniroute.v1.Notice.$Properties instead.
         */
        interface INotice extends uniroute.v1.Notice.$Properties {
        }

        /** Represents a Notice. */
        class Notice {

            /**
             * Constructs a new Notice.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Notice.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Notice level. */
            level: uniroute.v1.Notice.Level;

            /** Notice code. */
            code: string;

            /** Notice text. */
            text: string;

            /**
             * Creates a new Notice instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Notice instance
             */
            static create(properties: uniroute.v1.Notice.$Shape): uniroute.v1.Notice & uniroute.v1.Notice.$Shape;
            static create(properties?: uniroute.v1.Notice.$Properties): uniroute.v1.Notice;

            /**
             * Encodes the specified Notice message. Does not implicitly {@link uniroute.v1.Notice.verify|verify} messages.
             * @param message Notice message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Notice.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Notice message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Notice & uniroute.v1.Notice.$Shape} Notice
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Notice & uniroute.v1.Notice.$Shape;
        }

        namespace Notice {

            /** Properties of a Notice. */
            interface $Properties {

                /** Notice level */
                level?: (uniroute.v1.Notice.Level|null);

                /** Notice code */
                code?: (string|null);

                /** Notice text */
                text?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Notice. */
            type $Shape = uniroute.v1.Notice.$Properties;

            /** Level enum. */
            enum Level {

                /** INFO value */
                INFO = 0,

                /** WARNING value */
                WARNING = 1,

                /** ERROR value */
                ERROR = 2
            }
        }

        /**
         * Properties of a Stats.
         * @deprecated Use uniroute.v1.Stats.$Properties instead.
         */
        interface IStats extends uniroute.v1.Stats.$Properties {
        }

        /** Represents a Stats. */
        class Stats {

            /**
             * Constructs a new Stats.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Stats.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Stats visitorsTotal. */
            visitorsTotal: number;

            /** Stats visitorsOpen. */
            visitorsOpen: number;

            /** Stats bytesIn. */
            bytesIn: number;

            /** Stats bytesOut. */
            bytesOut: number;

            /**
             * Creates a new Stats instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Stats instance
             */
            static create(properties: uniroute.v1.Stats.$Shape): uniroute.v1.Stats & uniroute.v1.Stats.$Shape;
            static create(properties?: uniroute.v1.Stats.$Properties): uniroute.v1.Stats;

            /**
             * Encodes the specified Stats message. Does not implicitly {@link uniroute.v1.Stats.verify|verify} messages.
             * @param message Stats message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Stats.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Stats message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Stats & uniroute.v1.Stats.$Shape} Stats
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Stats & uniroute.v1.Stats.$Shape;
        }

        namespace Stats {

            /** Properties of a Stats. */
            interface $Properties {

                /** Stats visitorsTotal */
                visitorsTotal?: (number|null);

                /** Stats visitorsOpen */
                visitorsOpen?: (number|null);

                /** Stats bytesIn */
                bytesIn?: (number|null);

                /** Stats bytesOut */
                bytesOut?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Stats. */
            type $Shape = uniroute.v1.Stats.$Properties;
        }

        /**
         * Properties of a HttpOptions.
         * @deprecated Use uniroute.v1.HttpOptions.$Properties instead.
         */
        interface IHttpOptions extends uniroute.v1.HttpOptions.$Properties {
        }

        /** Represents a HttpOptions. */
        class HttpOptions {

            /**
             * Constructs a new HttpOptions.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.HttpOptions.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HttpOptions hostHeader. */
            hostHeader: string;

            /** HttpOptions requestHeaders. */
            requestHeaders?: (uniroute.v1.HeaderEdits.$Properties|null);

            /** HttpOptions responseHeaders. */
            responseHeaders?: (uniroute.v1.HeaderEdits.$Properties|null);

            /** HttpOptions rules. */
            rules?: (uniroute.v1.HttpRules.$Properties|null);

            /**
             * Creates a new HttpOptions instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HttpOptions instance
             */
            static create(properties: uniroute.v1.HttpOptions.$Shape): uniroute.v1.HttpOptions & uniroute.v1.HttpOptions.$Shape;
            static create(properties?: uniroute.v1.HttpOptions.$Properties): uniroute.v1.HttpOptions;

            /**
             * Encodes the specified HttpOptions message. Does not implicitly {@link uniroute.v1.HttpOptions.verify|verify} messages.
             * @param message HttpOptions message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.HttpOptions.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HttpOptions message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.HttpOptions & uniroute.v1.HttpOptions.$Shape} HttpOptions
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.HttpOptions & uniroute.v1.HttpOptions.$Shape;
        }

        namespace HttpOptions {

            /** Properties of a HttpOptions. */
            interface $Properties {

                /** HttpOptions hostHeader */
                hostHeader?: (string|null);

                /** HttpOptions requestHeaders */
                requestHeaders?: (uniroute.v1.HeaderEdits.$Properties|null);

                /** HttpOptions responseHeaders */
                responseHeaders?: (uniroute.v1.HeaderEdits.$Properties|null);

                /** HttpOptions rules */
                rules?: (uniroute.v1.HttpRules.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HttpOptions. */
            type $Shape = uniroute.v1.HttpOptions.$Properties;
        }

        /**
         * Properties of a HeaderEdits.
         * @deprecated Use uniroute.v1.HeaderEdits.$Properties instead.
         */
        interface IHeaderEdits extends uniroute.v1.HeaderEdits.$Properties {
        }

        /** Represents a HeaderEdits. */
        class HeaderEdits {

            /**
             * Constructs a new HeaderEdits.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.HeaderEdits.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HeaderEdits add. */
            add: uniroute.v1.HeaderField.$Properties[];

            /** HeaderEdits remove. */
            remove: string[];

            /**
             * Creates a new HeaderEdits instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HeaderEdits instance
             */
            static create(properties: uniroute.v1.HeaderEdits.$Shape): uniroute.v1.HeaderEdits & uniroute.v1.HeaderEdits.$Shape;
            static create(properties?: uniroute.v1.HeaderEdits.$Properties): uniroute.v1.HeaderEdits;

            /**
             * Encodes the specified HeaderEdits message. Does not implicitly {@link uniroute.v1.HeaderEdits.verify|verify} messages.
             * @param message HeaderEdits message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.HeaderEdits.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HeaderEdits message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.HeaderEdits & uniroute.v1.HeaderEdits.$Shape} HeaderEdits
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.HeaderEdits & uniroute.v1.HeaderEdits.$Shape;
        }

        namespace HeaderEdits {

            /** Properties of a HeaderEdits. */
            interface $Properties {

                /** HeaderEdits add */
                add?: (uniroute.v1.HeaderField.$Properties[]|null);

                /** HeaderEdits remove */
                remove?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HeaderEdits. */
            type $Shape = uniroute.v1.HeaderEdits.$Properties;
        }

        /**
         * Properties of a HeaderField.
         * @deprecated Use uniroute.v1.HeaderField.$Properties instead.
         */
        interface IHeaderField extends uniroute.v1.HeaderField.$Properties {
        }

        /** Represents a HeaderField. */
        class HeaderField {

            /**
             * Constructs a new HeaderField.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.HeaderField.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HeaderField name. */
            name: string;

            /** HeaderField value. */
            value: string;

            /**
             * Creates a new HeaderField instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HeaderField instance
             */
            static create(properties: uniroute.v1.HeaderField.$Shape): uniroute.v1.HeaderField & uniroute.v1.HeaderField.$Shape;
            static create(properties?: uniroute.v1.HeaderField.$Properties): uniroute.v1.HeaderField;

            /**
             * Encodes the specified HeaderField message. Does not implicitly {@link uniroute.v1.HeaderField.verify|verify} messages.
             * @param message HeaderField message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.HeaderField.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HeaderField message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.HeaderField & uniroute.v1.HeaderField.$Shape} HeaderField
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.HeaderField & uniroute.v1.HeaderField.$Shape;
        }

        namespace HeaderField {

            /** Properties of a HeaderField. */
            interface $Properties {

                /** HeaderField name */
                name?: (string|null);

                /** HeaderField value */
                value?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HeaderField. */
            type $Shape = uniroute.v1.HeaderField.$Properties;
        }

        /**
         * Properties of a HttpRules.
         * @deprecated Use uniroute.v1.HttpRules.$Properties instead.
         */
        interface IHttpRules extends uniroute.v1.HttpRules.$Properties {
        }

        /** Represents a HttpRules. */
        class HttpRules {

            /**
             * Constructs a new HttpRules.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.HttpRules.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HttpRules required. */
            required: string[];

            /** HttpRules basicAuth. */
            basicAuth: uniroute.v1.BasicAuth.$Properties[];

            /** HttpRules cidrAllow. */
            cidrAllow: string[];

            /** HttpRules cidrDeny. */
            cidrDeny: string[];

            /** HttpRules maxBody. */
            maxBody: number;

            /** HttpRules rate. */
            rate?: (uniroute.v1.Rate.$Properties|null);

            /** HttpRules ratePerVisitor. */
            ratePerVisitor?: (uniroute.v1.Rate.$Properties|null);

            /** HttpRules circuitBreaker. */
            circuitBreaker: number;

            /** HttpRules webhook. */
            webhook?: (uniroute.v1.Webhook.$Properties|null);

            /** HttpRules mutualTlsCa. */
            mutualTlsCa: Uint8Array[];

            /**
             * Creates a new HttpRules instance using the specified properties.
             * @param [properties] Properties to set
             * @returns HttpRules instance
             */
            static create(properties: uniroute.v1.HttpRules.$Shape): uniroute.v1.HttpRules & uniroute.v1.HttpRules.$Shape;
            static create(properties?: uniroute.v1.HttpRules.$Properties): uniroute.v1.HttpRules;

            /**
             * Encodes the specified HttpRules message. Does not implicitly {@link uniroute.v1.HttpRules.verify|verify} messages.
             * @param message HttpRules message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.HttpRules.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HttpRules message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.HttpRules & uniroute.v1.HttpRules.$Shape} HttpRules
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.HttpRules & uniroute.v1.HttpRules.$Shape;
        }

        namespace HttpRules {

            /** Properties of a HttpRules. */
            interface $Properties {

                /** HttpRules required */
                required?: (string[]|null);

                /** HttpRules basicAuth */
                basicAuth?: (uniroute.v1.BasicAuth.$Properties[]|null);

                /** HttpRules cidrAllow */
                cidrAllow?: (string[]|null);

                /** HttpRules cidrDeny */
                cidrDeny?: (string[]|null);

                /** HttpRules maxBody */
                maxBody?: (number|null);

                /** HttpRules rate */
                rate?: (uniroute.v1.Rate.$Properties|null);

                /** HttpRules ratePerVisitor */
                ratePerVisitor?: (uniroute.v1.Rate.$Properties|null);

                /** HttpRules circuitBreaker */
                circuitBreaker?: (number|null);

                /** HttpRules webhook */
                webhook?: (uniroute.v1.Webhook.$Properties|null);

                /** HttpRules mutualTlsCa */
                mutualTlsCa?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HttpRules. */
            type $Shape = uniroute.v1.HttpRules.$Properties;
        }

        /**
         * Properties of a BasicAuth.
         * @deprecated Use uniroute.v1.BasicAuth.$Properties instead.
         */
        interface IBasicAuth extends uniroute.v1.BasicAuth.$Properties {
        }

        /** Represents a BasicAuth. */
        class BasicAuth {

            /**
             * Constructs a new BasicAuth.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.BasicAuth.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BasicAuth user. */
            user: string;

            /** BasicAuth salt. */
            salt: Uint8Array;

            /** BasicAuth hash. */
            hash: Uint8Array;

            /** BasicAuth logN. */
            logN: number;

            /** BasicAuth r. */
            r: number;

            /** BasicAuth p. */
            p: number;

            /**
             * Creates a new BasicAuth instance using the specified properties.
             * @param [properties] Properties to set
             * @returns BasicAuth instance
             */
            static create(properties: uniroute.v1.BasicAuth.$Shape): uniroute.v1.BasicAuth & uniroute.v1.BasicAuth.$Shape;
            static create(properties?: uniroute.v1.BasicAuth.$Properties): uniroute.v1.BasicAuth;

            /**
             * Encodes the specified BasicAuth message. Does not implicitly {@link uniroute.v1.BasicAuth.verify|verify} messages.
             * @param message BasicAuth message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.BasicAuth.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BasicAuth message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.BasicAuth & uniroute.v1.BasicAuth.$Shape} BasicAuth
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.BasicAuth & uniroute.v1.BasicAuth.$Shape;
        }

        namespace BasicAuth {

            /** Properties of a BasicAuth. */
            interface $Properties {

                /** BasicAuth user */
                user?: (string|null);

                /** BasicAuth salt */
                salt?: (Uint8Array|null);

                /** BasicAuth hash */
                hash?: (Uint8Array|null);

                /** BasicAuth logN */
                logN?: (number|null);

                /** BasicAuth r */
                r?: (number|null);

                /** BasicAuth p */
                p?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BasicAuth. */
            type $Shape = uniroute.v1.BasicAuth.$Properties;
        }

        /**
         * Properties of a Rate.
         * @deprecated Use uniroute.v1.Rate.$Properties instead.
         */
        interface IRate extends uniroute.v1.Rate.$Properties {
        }

        /** Represents a Rate. */
        class Rate {

            /**
             * Constructs a new Rate.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Rate.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Rate burst. */
            burst: number;

            /** Rate perSecond. */
            perSecond: number;

            /**
             * Creates a new Rate instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Rate instance
             */
            static create(properties: uniroute.v1.Rate.$Shape): uniroute.v1.Rate & uniroute.v1.Rate.$Shape;
            static create(properties?: uniroute.v1.Rate.$Properties): uniroute.v1.Rate;

            /**
             * Encodes the specified Rate message. Does not implicitly {@link uniroute.v1.Rate.verify|verify} messages.
             * @param message Rate message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Rate.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Rate message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Rate & uniroute.v1.Rate.$Shape} Rate
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Rate & uniroute.v1.Rate.$Shape;
        }

        namespace Rate {

            /** Properties of a Rate. */
            interface $Properties {

                /** Rate burst */
                burst?: (number|null);

                /** Rate perSecond */
                perSecond?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Rate. */
            type $Shape = uniroute.v1.Rate.$Properties;
        }

        /**
         * Properties of a Webhook.
         * @deprecated Use uniroute.v1.Webhook.$Properties instead.
         */
        interface IWebhook extends uniroute.v1.Webhook.$Properties {
        }

        /** Represents a Webhook. */
        class Webhook {

            /**
             * Constructs a new Webhook.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Webhook.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Webhook provider. */
            provider: string;

            /** Webhook secret. */
            secret: string;

            /** Webhook header. */
            header: string;

            /**
             * Creates a new Webhook instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Webhook instance
             */
            static create(properties: uniroute.v1.Webhook.$Shape): uniroute.v1.Webhook & uniroute.v1.Webhook.$Shape;
            static create(properties?: uniroute.v1.Webhook.$Properties): uniroute.v1.Webhook;

            /**
             * Encodes the specified Webhook message. Does not implicitly {@link uniroute.v1.Webhook.verify|verify} messages.
             * @param message Webhook message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Webhook.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Webhook message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Webhook & uniroute.v1.Webhook.$Shape} Webhook
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Webhook & uniroute.v1.Webhook.$Shape;
        }

        namespace Webhook {

            /** Properties of a Webhook. */
            interface $Properties {

                /** Webhook provider */
                provider?: (string|null);

                /** Webhook secret */
                secret?: (string|null);

                /** Webhook header */
                header?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Webhook. */
            type $Shape = uniroute.v1.Webhook.$Properties;
        }

        /**
         * Properties of a Preface.
         * @deprecated Use uniroute.v1.Preface.$Properties instead.
         */
        interface IPreface extends uniroute.v1.Preface.$Properties {
        }

        /** Represents a Preface. */
        class Preface {

            /**
             * Constructs a new Preface.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Preface.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Preface hello. */
            hello?: (uniroute.v1.Hello.$Properties|null);

            /** Preface attach. */
            attach?: (uniroute.v1.Attach.$Properties|null);

            /** Preface message. */
            message?: ("hello"|"attach");

            /**
             * Creates a new Preface instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Preface instance
             */
            static create(properties: uniroute.v1.Preface.$Shape): uniroute.v1.Preface & uniroute.v1.Preface.$Shape;
            static create(properties?: uniroute.v1.Preface.$Properties): uniroute.v1.Preface;

            /**
             * Encodes the specified Preface message. Does not implicitly {@link uniroute.v1.Preface.verify|verify} messages.
             * @param message Preface message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Preface.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Preface message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Preface & uniroute.v1.Preface.$Shape} Preface
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Preface & uniroute.v1.Preface.$Shape;
        }

        namespace Preface {

            /** Properties of a Preface. */
            interface $Properties {

                /** Preface hello */
                hello?: (uniroute.v1.Hello.$Properties|null);

                /** Preface attach */
                attach?: (uniroute.v1.Attach.$Properties|null);

                /** Preface message */
                message?: ("hello"|"attach");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Preface. */
            type $Shape = {
              hello?: uniroute.v1.Hello.$Shape|null;
              attach?: uniroute.v1.Attach.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ message?: undefined; hello?: null; attach?: null }|{ message?: "hello"; hello: uniroute.v1.Hello.$Shape; attach?: null }|{ message?: "attach"; hello?: null; attach: uniroute.v1.Attach.$Shape })
            );
        }

        /**
         * Properties of a PrefaceReply.
         * @deprecated Use uniroute.v1.PrefaceReply.$Properties instead.
         */
        interface IPrefaceReply extends uniroute.v1.PrefaceReply.$Properties {
        }

        /** Represents a PrefaceReply. */
        class PrefaceReply {

            /**
             * Constructs a new PrefaceReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.PrefaceReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PrefaceReply welcome. */
            welcome?: (uniroute.v1.Welcome.$Properties|null);

            /** PrefaceReply refused. */
            refused?: (uniroute.v1.Refused.$Properties|null);

            /** PrefaceReply message. */
            message?: ("welcome"|"refused");

            /**
             * Creates a new PrefaceReply instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PrefaceReply instance
             */
            static create(properties: uniroute.v1.PrefaceReply.$Shape): uniroute.v1.PrefaceReply & uniroute.v1.PrefaceReply.$Shape;
            static create(properties?: uniroute.v1.PrefaceReply.$Properties): uniroute.v1.PrefaceReply;

            /**
             * Encodes the specified PrefaceReply message. Does not implicitly {@link uniroute.v1.PrefaceReply.verify|verify} messages.
             * @param message PrefaceReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.PrefaceReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PrefaceReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.PrefaceReply & uniroute.v1.PrefaceReply.$Shape} PrefaceReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.PrefaceReply & uniroute.v1.PrefaceReply.$Shape;
        }

        namespace PrefaceReply {

            /** Properties of a PrefaceReply. */
            interface $Properties {

                /** PrefaceReply welcome */
                welcome?: (uniroute.v1.Welcome.$Properties|null);

                /** PrefaceReply refused */
                refused?: (uniroute.v1.Refused.$Properties|null);

                /** PrefaceReply message */
                message?: ("welcome"|"refused");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a PrefaceReply. */
            type $Shape = {
              welcome?: uniroute.v1.Welcome.$Shape|null;
              refused?: uniroute.v1.Refused.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ message?: undefined; welcome?: null; refused?: null }|{ message?: "welcome"; welcome: uniroute.v1.Welcome.$Shape; refused?: null }|{ message?: "refused"; welcome?: null; refused: uniroute.v1.Refused.$Shape })
            );
        }

        /**
         * Properties of a Hello.
         * @deprecated Use uniroute.v1.Hello.$Properties instead.
         */
        interface IHello extends uniroute.v1.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello protocol. */
            protocol: number;

            /** Hello agentVersion. */
            agentVersion: string;

            /** Hello token. */
            token: string;

            /** Hello instanceId. */
            instanceId: string;

            /** Hello capabilities. */
            capabilities: string[];

            /** Hello platform. */
            platform: string;

            /** Hello maxCarriers. */
            maxCarriers: number;

            /**
             * Creates a new Hello instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Hello instance
             */
            static create(properties: uniroute.v1.Hello.$Shape): uniroute.v1.Hello & uniroute.v1.Hello.$Shape;
            static create(properties?: uniroute.v1.Hello.$Properties): uniroute.v1.Hello;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link uniroute.v1.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Hello & uniroute.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Hello & uniroute.v1.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello protocol */
                protocol?: (number|null);

                /** Hello agentVersion */
                agentVersion?: (string|null);

                /** Hello token */
                token?: (string|null);

                /** Hello instanceId */
                instanceId?: (string|null);

                /** Hello capabilities */
                capabilities?: (string[]|null);

                /** Hello platform */
                platform?: (string|null);

                /** Hello maxCarriers */
                maxCarriers?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = uniroute.v1.Hello.$Properties;
        }

        /**
         * Properties of an Attach.
         * @deprecated Use uniroute.v1.Attach.$Properties instead.
         */
        interface IAttach extends uniroute.v1.Attach.$Properties {
        }

        /** Represents an Attach. */
        class Attach {

            /**
             * Constructs a new Attach.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Attach.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Attach sessionId. */
            sessionId: string;

            /** Attach secret. */
            secret: Uint8Array;

            /** Attach protocol. */
            protocol: number;

            /** Attach returns. */
            returns: boolean;

            /**
             * Creates a new Attach instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Attach instance
             */
            static create(properties: uniroute.v1.Attach.$Shape): uniroute.v1.Attach & uniroute.v1.Attach.$Shape;
            static create(properties?: uniroute.v1.Attach.$Properties): uniroute.v1.Attach;

            /**
             * Encodes the specified Attach message. Does not implicitly {@link uniroute.v1.Attach.verify|verify} messages.
             * @param message Attach message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Attach.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Attach message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Attach & uniroute.v1.Attach.$Shape} Attach
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Attach & uniroute.v1.Attach.$Shape;
        }

        namespace Attach {

            /** Properties of an Attach. */
            interface $Properties {

                /** Attach sessionId */
                sessionId?: (string|null);

                /** Attach secret */
                secret?: (Uint8Array|null);

                /** Attach protocol */
                protocol?: (number|null);

                /** Attach returns */
                returns?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Attach. */
            type $Shape = uniroute.v1.Attach.$Properties;
        }

        /**
         * Properties of a Welcome.
         * @deprecated Use uniroute.v1.Welcome.$Properties instead.
         */
        interface IWelcome extends uniroute.v1.Welcome.$Properties {
        }

        /** Represents a Welcome. */
        class Welcome {

            /**
             * Constructs a new Welcome.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Welcome.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Welcome protocol. */
            protocol: number;

            /** Welcome serverVersion. */
            serverVersion: string;

            /** Welcome sessionId. */
            sessionId: string;

            /** Welcome secret. */
            secret: Uint8Array;

            /** Welcome capabilities. */
            capabilities: string[];

            /** Welcome limits. */
            limits?: (uniroute.v1.Limits.$Properties|null);

            /** Welcome carriersWanted. */
            carriersWanted: number;

            /** Welcome node. */
            node: string;

            /** Welcome nodeAddress. */
            nodeAddress: string;

            /** Welcome otherNodes. */
            otherNodes: string[];

            /** Welcome carrier. */
            carrier: number;

            /** Welcome resumeTimeoutMs. */
            resumeTimeoutMs: number;

            /**
             * Creates a new Welcome instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Welcome instance
             */
            static create(properties: uniroute.v1.Welcome.$Shape): uniroute.v1.Welcome & uniroute.v1.Welcome.$Shape;
            static create(properties?: uniroute.v1.Welcome.$Properties): uniroute.v1.Welcome;

            /**
             * Encodes the specified Welcome message. Does not implicitly {@link uniroute.v1.Welcome.verify|verify} messages.
             * @param message Welcome message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Welcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Welcome message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Welcome & uniroute.v1.Welcome.$Shape} Welcome
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Welcome & uniroute.v1.Welcome.$Shape;
        }

        namespace Welcome {

            /** Properties of a Welcome. */
            interface $Properties {

                /** Welcome protocol */
                protocol?: (number|null);

                /** Welcome serverVersion */
                serverVersion?: (string|null);

                /** Welcome sessionId */
                sessionId?: (string|null);

                /** Welcome secret */
                secret?: (Uint8Array|null);

                /** Welcome capabilities */
                capabilities?: (string[]|null);

                /** Welcome limits */
                limits?: (uniroute.v1.Limits.$Properties|null);

                /** Welcome carriersWanted */
                carriersWanted?: (number|null);

                /** Welcome node */
                node?: (string|null);

                /** Welcome nodeAddress */
                nodeAddress?: (string|null);

                /** Welcome otherNodes */
                otherNodes?: (string[]|null);

                /** Welcome carrier */
                carrier?: (number|null);

                /** Welcome resumeTimeoutMs */
                resumeTimeoutMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Welcome. */
            type $Shape = uniroute.v1.Welcome.$Properties;
        }

        /**
         * Properties of a Limits.
         * @deprecated Use uniroute.v1.Limits.$Properties instead.
         */
        interface ILimits extends uniroute.v1.Limits.$Properties {
        }

        /** Represents a Limits. */
        class Limits {

            /**
             * Constructs a new Limits.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.Limits.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Limits streams. */
            streams: number;

            /** Limits tunnels. */
            tunnels: number;

            /** Limits carriers. */
            carriers: number;

            /**
             * Creates a new Limits instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Limits instance
             */
            static create(properties: uniroute.v1.Limits.$Shape): uniroute.v1.Limits & uniroute.v1.Limits.$Shape;
            static create(properties?: uniroute.v1.Limits.$Properties): uniroute.v1.Limits;

            /**
             * Encodes the specified Limits message. Does not implicitly {@link uniroute.v1.Limits.verify|verify} messages.
             * @param message Limits message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.Limits.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Limits message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.Limits & uniroute.v1.Limits.$Shape} Limits
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.Limits & uniroute.v1.Limits.$Shape;
        }

        namespace Limits {

            /** Properties of a Limits. */
            interface $Properties {

                /** Limits streams */
                streams?: (number|null);

                /** Limits tunnels */
                tunnels?: (number|null);

                /** Limits carriers */
                carriers?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Limits. */
            type $Shape = uniroute.v1.Limits.$Properties;
        }

        /**
         * Properties of a StreamOpen.
         * @deprecated Use uniroute.v1.StreamOpen.$Properties instead.
         */
        interface IStreamOpen extends uniroute.v1.StreamOpen.$Properties {
        }

        /** Represents a StreamOpen. */
        class StreamOpen {

            /**
             * Constructs a new StreamOpen.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.StreamOpen.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StreamOpen tunnelId. */
            tunnelId: number;

            /** StreamOpen connectionId. */
            connectionId: string;

            /** StreamOpen kind. */
            kind: uniroute.v1.Kind;

            /** StreamOpen visitorAddress. */
            visitorAddress: string;

            /** StreamOpen visitorPort. */
            visitorPort: number;

            /** StreamOpen serverAddress. */
            serverAddress: string;

            /** StreamOpen serverPort. */
            serverPort: number;

            /** StreamOpen sni. */
            sni: string;

            /** StreamOpen alpn. */
            alpn: string;

            /** StreamOpen traceId. */
            traceId: string;

            /**
             * Creates a new StreamOpen instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StreamOpen instance
             */
            static create(properties: uniroute.v1.StreamOpen.$Shape): uniroute.v1.StreamOpen & uniroute.v1.StreamOpen.$Shape;
            static create(properties?: uniroute.v1.StreamOpen.$Properties): uniroute.v1.StreamOpen;

            /**
             * Encodes the specified StreamOpen message. Does not implicitly {@link uniroute.v1.StreamOpen.verify|verify} messages.
             * @param message StreamOpen message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.StreamOpen.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StreamOpen message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.StreamOpen & uniroute.v1.StreamOpen.$Shape} StreamOpen
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.StreamOpen & uniroute.v1.StreamOpen.$Shape;
        }

        namespace StreamOpen {

            /** Properties of a StreamOpen. */
            interface $Properties {

                /** StreamOpen tunnelId */
                tunnelId?: (number|null);

                /** StreamOpen connectionId */
                connectionId?: (string|null);

                /** StreamOpen kind */
                kind?: (uniroute.v1.Kind|null);

                /** StreamOpen visitorAddress */
                visitorAddress?: (string|null);

                /** StreamOpen visitorPort */
                visitorPort?: (number|null);

                /** StreamOpen serverAddress */
                serverAddress?: (string|null);

                /** StreamOpen serverPort */
                serverPort?: (number|null);

                /** StreamOpen sni */
                sni?: (string|null);

                /** StreamOpen alpn */
                alpn?: (string|null);

                /** StreamOpen traceId */
                traceId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StreamOpen. */
            type $Shape = uniroute.v1.StreamOpen.$Properties;
        }

        /**
         * Properties of a StreamAccept.
         * @deprecated Use uniroute.v1.StreamAccept.$Properties instead.
         */
        interface IStreamAccept extends uniroute.v1.StreamAccept.$Properties {
        }

        /** Represents a StreamAccept. */
        class StreamAccept {

            /**
             * Constructs a new StreamAccept.
             * @param [properties] Properties to set
             */
            constructor(properties?: uniroute.v1.StreamAccept.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StreamAccept result. */
            result: uniroute.v1.StreamAccept.Result;

            /** StreamAccept detail. */
            detail: string;

            /**
             * Creates a new StreamAccept instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StreamAccept instance
             */
            static create(properties: uniroute.v1.StreamAccept.$Shape): uniroute.v1.StreamAccept & uniroute.v1.StreamAccept.$Shape;
            static create(properties?: uniroute.v1.StreamAccept.$Properties): uniroute.v1.StreamAccept;

            /**
             * Encodes the specified StreamAccept message. Does not implicitly {@link uniroute.v1.StreamAccept.verify|verify} messages.
             * @param message StreamAccept message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: uniroute.v1.StreamAccept.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StreamAccept message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {uniroute.v1.StreamAccept & uniroute.v1.StreamAccept.$Shape} StreamAccept
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): uniroute.v1.StreamAccept & uniroute.v1.StreamAccept.$Shape;
        }

        namespace StreamAccept {

            /** Properties of a StreamAccept. */
            interface $Properties {

                /** StreamAccept result */
                result?: (uniroute.v1.StreamAccept.Result|null);

                /** StreamAccept detail */
                detail?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StreamAccept. */
            type $Shape = uniroute.v1.StreamAccept.$Properties;

            /** Result enum. */
            enum Result {

                /** OK value */
                OK = 0,

                /** NO_SUCH_TUNNEL value */
                NO_SUCH_TUNNEL = 1,

                /** UPSTREAM_REFUSED value */
                UPSTREAM_REFUSED = 2,

                /** UPSTREAM_TIMED_OUT value */
                UPSTREAM_TIMED_OUT = 3,

                /** UPSTREAM_UNREACHABLE value */
                UPSTREAM_UNREACHABLE = 4,

                /** UPSTREAM_TLS_FAILED value */
                UPSTREAM_TLS_FAILED = 5,

                /** AGENT_DRAINING value */
                AGENT_DRAINING = 6,

                /** AGENT_OVERLOADED value */
                AGENT_OVERLOADED = 7,

                /** UPSTREAM_NOT_FOUND value */
                UPSTREAM_NOT_FOUND = 8
            }
        }
    }
}
