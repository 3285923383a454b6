namespace KadOrleans.Lab.Benchmarking;

/// <summary>What <c>kad-lab bench</c> has measured.</summary>
/// <param name="Settings">What was asked for.</param>
/// <param name="Targets">The nodes; the others are compared to the first.</param>
/// <param name="Echoes">What they are compared to besides, if that was asked for.</param>
internal sealed record BenchOutcome(BenchSettings Settings, IReadOnlyList<LoadTarget> Targets, IReadOnlyList<LoadTarget> Echoes);
