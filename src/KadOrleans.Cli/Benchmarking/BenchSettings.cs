using KadOrleans.Node.Joining;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>What <c>kad bench</c> was asked for, checked.</summary>
internal sealed record BenchSettings
{
    /// <summary>The node to load; null starts one.</summary>
    public required HostAddress? Target { get; init; }

    public required BenchOperation Operation { get; init; }

    /// <summary>How long each thing is measured.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Requests under way at most.</summary>
    public required int InFlight { get; init; }

    /// <summary>Loopback addresses that ask; null is as many as the target allows for.</summary>
    public required int? Sources { get; init; }

    /// <summary>Requests per second, sent whether or not answers come; null asks as soon as an answer has come.</summary>
    public required int? Rate { get; init; }

    /// <summary>Contacts of the node that is started.</summary>
    public required int Contacts { get; init; }

    /// <summary>Keys that are held before the load begins.</summary>
    public required int Keys { get; init; }

    /// <summary>Whether plain echoes are measured beside it.</summary>
    public required bool Baseline { get; init; }

    public required bool Json { get; init; }
}
