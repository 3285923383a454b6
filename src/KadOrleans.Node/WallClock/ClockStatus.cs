namespace KadOrleans.Node;

/// <summary>A node's view of the system's clock.</summary>
/// <param name="Agrees">Whether the wall clock has kept pace with the monotonic clock for the last ten minutes, or since the start.</param>
/// <param name="Ahead">How far the wall clock is ahead of the time that values expire by; zero unless it jumped ahead.</param>
internal readonly record struct ClockStatus(bool Agrees, TimeSpan Ahead);
