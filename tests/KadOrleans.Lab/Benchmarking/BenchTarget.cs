using KadOrleans.Node.Joining;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>A node to load, as it was asked for.</summary>
/// <param name="Name">For the report; no two are the same.</param>
/// <param name="Kind">Which it is.</param>
/// <param name="Address">Where a given one listens.</param>
internal sealed record BenchTarget(string Name, TargetKind Kind, HostAddress Address = default)
{
    /// <summary>The node that is started, as it is typed.</summary>
    public const string Self = "self";

    public static BenchTarget Python { get; } = new("python", TargetKind.Python);

    public static BenchTarget Started { get; } = new(Self, TargetKind.Started);
}
