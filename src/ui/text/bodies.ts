import type { BodyInfo } from '../../inspector/contract.js'
import { size } from './format.js'

export type BodyView = 'json' | 'xml' | 'form' | 'multipart' | 'image' | 'text' | 'hex' | 'raw'

const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)$/

/** In how many ways a body can be shown; the first is the best. */
export function viewsOf({ mediaType, text, codings }: BodyInfo): readonly BodyView[] {
  const views: BodyView[] = []
  if (IMAGES.test(mediaType)) views.push('image')
  if (text) {
    if (/[/+]json$/.test(mediaType)) views.push('json')
    else if (/[/+]xml$/.test(mediaType)) views.push('xml')
    else if (mediaType === 'application/x-www-form-urlencoded') views.push('form')
  }
  if (mediaType.startsWith('multipart/')) views.push('multipart')
  if (text) views.push('text')
  views.push('hex')
  if (codings.length > 0) views.push('raw')
  return views
}

/** What has to be said about a body, in words. */
export function bodyNotes(body: BodyInfo): readonly string[] {
  const { bytes, kept, codings, problem, redacted, text, mediaType } = body
  const notes: string[] = []
  if (kept < bytes) notes.push(`Only the first ${size(kept)} of ${size(bytes)} were kept.`)
  if (codings.length === 1) notes.push(`Compressed with ${coding(codings[0])}; shown decompressed.`)
  if (codings.length > 1)
    notes.push(`Compressed ${times(codings.length)}: ${codings.map(coding).join(', then ')}; shown decompressed.`)
  if (problem !== null) notes.push(problem)
  if (!text && kept > 0 && isTextType(mediaType) && problem === null) {
    notes.push(`It says that it is ${mediaType}, but its bytes are not text.`)
  }
  if (redacted) notes.push('Secrets in it were redacted.')
  return notes
}

function isTextType(mediaType: string): boolean {
  return /^text\/|[/+](json|xml)$|^application\/x-www-form-urlencoded$/.test(mediaType)
}

function coding(name: string | undefined): string {
  return (name ?? '').slice(0, 40)
}

function times(number: number): string {
  return number === 2 ? 'twice' : `${number} times`
}
