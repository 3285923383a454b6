namespace KadOrleans.Lab;

/// <summary>What <c>kad-lab bench</c> was asked for, checked.</summary>
internal sealed record BenchSettings
{
    public const int DefaultContacts = 1_000;

    public const string DefaultPython = "python3";

    /// <summary>
    /// Sources where nothing is said: at 5,000 requests and 1,000,000 bytes of answers a second each, more than a node answers.
    /// </summary>
    public const int DefaultSources = 250;

    /// <summary>The nodes to load, at least one; the others are compared to the first.</summary>
    public required IReadOnlyList<BenchTarget> Targets { get; init; }

    public required BenchOperation Operation { get; init; }

    public required TimeSpan Duration { get; init; }

    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(4);

    public int InFlight { get; init; } = 256;

    /// <summary>Loopback addresses that ask; null is as many as the target allows for.</summary>
    public int? Sources { get; init; }

    /// <summary>Requests per second, sent whether or not answers come; null asks as soon as an answer has come.</summary>
    public int? Rate { get; init; }

    /// <summary>Contacts that each target gets; null is <see cref="DefaultContacts"/> for nodes that are started, and none for others.</summary>
    public int? Contacts { get; init; }

    public int Keys { get; init; } = 10_000;

    public string Python { get; init; } = DefaultPython;

    public bool Baseline { get; init; }

    /// <summary>Whether targets are measured from the first second on, and the responses of each second are told.</summary>
    public bool Cold { get; init; }

    public bool Json { get; init; }
}

/// <summary>What <c>kad-lab bench</c> asks for, again and again.</summary>
internal enum BenchOperation
{
    Ping,
    FindNode,
    FindValue,

    /// <summary>FIND_VALUE of as many other keys, which are not held: contacts are the response.</summary>
    FindMissing,

    /// <summary>STORE of 64 bytes under keys that are held.</summary>
    Store,

    /// <summary>STORE of 64 bytes under keys that are not held, each once.</summary>
    StoreNew,

    Mix,
}

/// <summary>A node to load, as it was asked for. A given one has an address. No two have the same name.</summary>
internal sealed record BenchTarget(string Name, TargetKind Kind, HostAddress Address = default)
{
    public const string Self = "self";

    public static BenchTarget Python { get; } = new("python", TargetKind.Python);

    public static BenchTarget Started { get; } = new(Self, TargetKind.Started);
}

/// <summary>Where a target of <c>kad-lab bench</c> comes from.</summary>
internal enum TargetKind
{
    Started,
    Given,
    Python,
}
