import type {
  AnswerHead,
  Direction,
  ExchangeSink,
  ExchangeWriter,
  RequestHead,
  TimelineMessage,
} from '../../src/inspector/reader.js'
import { InflationBudget } from '../../src/inspector/record/inflation-budget.js'
import { exchange } from './support.js'

/** What a reader told of one exchange. */
export interface Told {
  head: RequestHead
  kind: string
  request: string
  requestBytes: number
  requestEnded: boolean
  requestTrailers: readonly string[]
  answer: AnswerHead | null
  body: string
  bodyBytes: number
  trailers: readonly string[]
  ended: boolean
  messages: TimelineMessage[]
  problems: string[]
  cut: string | null
}

/** Writes down what a reader tells; keeps all bodies whole. */
export class RecordedSink implements ExchangeSink {
  readonly told: Told[] = []
  readonly skipped: [Direction, number][] = []

  begin(head: RequestHead): ExchangeWriter {
    const told: Told = {
      head,
      kind: 'http',
      request: '',
      requestBytes: 0,
      requestEnded: false,
      requestTrailers: [],
      answer: null,
      body: '',
      bodyBytes: 0,
      trailers: [],
      ended: false,
      messages: [],
      problems: [],
      cut: null,
    }
    this.told.push(told)
    return {
      exchange: exchange(String(this.told.length).padStart(16, '0')),
      wantsRequest: true,
      wantsAnswer: true,
      wantsMessages: true,
      inflation: new InflationBudget(Infinity),
      holds: () => undefined,
      whenForgotten: () => undefined,
      requestBody: (bytes) => {
        told.request += bytes.toString('latin1')
        told.requestBytes += bytes.length
      },
      requestBytes: (bytes) => (told.requestBytes += bytes),
      requestEnd: (trailers) => {
        told.requestEnded = true
        told.requestTrailers = trailers
      },
      answer: (answer) => (told.answer = answer),
      answerBody: (bytes) => {
        told.body += bytes.toString('latin1')
        told.bodyBytes += bytes.length
      },
      answerBytes: (bytes) => (told.bodyBytes += bytes),
      answerEnd: (trailers) => {
        told.ended = true
        told.trailers = trailers
      },
      is: (kind) => (told.kind = kind),
      message: (message) => told.messages.push({ ...message, payload: Buffer.from(message.payload) }),
      problem: (text) => told.problems.push(text),
      cut: (problem) => (told.cut ??= problem),
    }
  }

  skip(direction: Direction, bytes: number): void {
    this.skipped.push([direction, bytes])
  }
}
