import { Component, useEffect, useRef, useState, type ReactNode } from 'react'
import { size } from '../text/format.js'
import { visible } from '../text/visible.js'

/** Beyond this, a text is shown only when it is asked for. */
const CLIP = 600

/** Something that went wrong, said where it is missing. */
export function Problem({ children, again }: { readonly children: ReactNode; readonly again?: () => void }) {
  return (
    <div className="problem" role="alert">
      <span>{children}</span>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Captured text on one line or a few: made visible, long ones cut until they are asked for. */
export function Captured({ text, clip = CLIP }: { readonly text: string; readonly clip?: number }) {
  const [whole, setWhole] = useState(false)
  if (text.length <= clip) return <bdi className="captured">{visible(text)}</bdi>
  return (
    <>
      <bdi className={whole ? 'captured long' : 'captured'}>{visible(whole ? text : text.slice(0, clip))}</bdi>
      <button type="button" className="link" onClick={() => setWhole(!whole)}>
        {whole ? 'Show less' : `… show all ${size(text.length)}`}
      </button>
    </>
  )
}

/** Copies what `text` answers, and says whether that worked. */
export function CopyButton({
  label,
  text,
  title,
}: {
  readonly label: string
  readonly text: () => string | Promise<string>
  readonly title?: string
}) {
  const [said, setSaid] = useState<string | null>(null)
  useEffect(() => {
    if (said === null) return
    const timer = setTimeout(() => setSaid(null), 2000)
    return () => clearTimeout(timer)
  }, [said])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await text())
      setSaid('Copied')
    } catch {
      setSaid('Not copied')
    }
  }
  return (
    <button type="button" title={title} onClick={() => void copy()}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  )
}

/** A dialog that lies above the page until it is closed. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog">
        <header>
          <h2>{title}</h2>
          <button type="button" onClick={onClose} aria-label="Close">
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

interface BoundaryProps {
  /** What is shown; another one is tried anew. */
  readonly of: string
  readonly children: ReactNode
}

/** Keeps what goes wrong while something is drawn within its place. */
export class Boundary extends Component<BoundaryProps, { readonly failed: string | null }> {
  override state: { readonly failed: string | null } = { failed: null }

  static getDerivedStateFromError(error: unknown) {
    return { failed: String(error) }
  }

  override componentDidUpdate(before: BoundaryProps) {
    if (before.of !== this.props.of && this.state.failed !== null) this.setState({ failed: null })
  }

  override render() {
    if (this.state.failed === null) return this.props.children
    return <Problem again={() => this.setState({ failed: null })}>This could not be shown: {this.state.failed}</Problem>
  }
}
