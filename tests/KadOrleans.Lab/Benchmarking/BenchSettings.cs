namespace KadOrleans.Lab.Benchmarking;

/// <summary>What <c>kad-lab bench</c> was asked for, checked.</summary>
internal sealed record BenchSettings
{
    /// <summary>Contacts of a node that is started.</summary>
    public const int DefaultContacts = 1_000;

    /// <summary>
    /// Sources where nothing is said: at 5,000 requests and 1,000,000 bytes of answers a second each, more than a node answers.
    /// </summary>
    public const int DefaultSources = 250;

    /// <summary>The nodes to load, at least one; the others are compared to the first.</summary>
    public required IReadOnlyList<BenchTarget> Targets { get; init; }

    public required BenchOperation Operation { get; init; }

    /// <summary>How long each thing is measured.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Requests under way at most.</summary>
    public required int InFlight { get; init; }

    /// <summary>Loopback addresses that ask; null is as many as the target allows for.</summary>
    public required int? Sources { get; init; }

    /// <summary>Requests per second, sent whether or not answers come; null asks as soon as an answer has come.</summary>
    public required int? Rate { get; init; }

    /// <summary>Contacts that each target gets; null is <see cref="DefaultContacts"/> for nodes that are started, and none for others.</summary>
    public required int? Contacts { get; init; }

    /// <summary>Keys that each target holds before the load begins.</summary>
    public required int Keys { get; init; }

    /// <summary>The interpreter of the <see cref="TargetKind.Python"/> target.</summary>
    public string Python { get; init; } = PythonReference.DefaultInterpreter;

    /// <summary>Whether plain echoes are measured beside it.</summary>
    public required bool Baseline { get; init; }

    public required bool Json { get; init; }
}
