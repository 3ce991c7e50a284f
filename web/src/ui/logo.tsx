/** A doorway: the small room between the street and the house. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#123c34" />
      <path d="M9 26V13a7 7 0 0 1 14 0v13z" fill="#f4c46b" />
      <path d="M9 26V13a7 7 0 0 1 7-7v17z" fill="#53b795" />
      <circle cx="13.4" cy="16.4" r="1.1" fill="#123c34" />
    </svg>
  );
}
