using KadOrleans.Node.Joining;

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

    /// <summary>How long each target is warmed up before.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(4);

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

    /// <summary>The part of the keys that is asked for, in percent.</summary>
    public int HotPercent { get; init; } = 100;

    /// <summary>The interpreter of the <see cref="TargetKind.Python"/> target.</summary>
    public string Python { get; init; } = PythonReference.DefaultInterpreter;

    /// <summary>Whether plain echoes are measured beside it.</summary>
    public required bool Baseline { get; init; }

    /// <summary>Whether targets are measured from the first second on, and the responses of each second are told.</summary>
    public bool Cold { get; init; }

    public required bool Json { get; init; }
}

/// <summary>What <c>kad-lab bench</c> asks for, again and again.</summary>
internal enum BenchOperation
{
    /// <summary>PING.</summary>
    Ping,

    /// <summary>FIND_NODE of random ids.</summary>
    FindNode,

    /// <summary>FIND_VALUE of keys that are held.</summary>
    FindValue,

    /// <summary>FIND_VALUE of as many other keys, which are not held: contacts are the response.</summary>
    FindMissing,

    /// <summary>STORE of 64 bytes under keys that are held.</summary>
    Store,

    /// <summary>STORE of 64 bytes under keys that are not held, each once.</summary>
    StoreNew,

    /// <summary>Of ten requests four FIND_NODE, three FIND_VALUE, two PING and one STORE.</summary>
    Mix,
}

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

/// <summary>Where a target of <c>kad-lab bench</c> comes from.</summary>
internal enum TargetKind
{
    /// <summary><c>kad node</c>, started with keys and contacts.</summary>
    Started,

    /// <summary>Somebody runs it.</summary>
    Given,

    /// <summary>The Python implementation, started with contacts.</summary>
    Python,
}
