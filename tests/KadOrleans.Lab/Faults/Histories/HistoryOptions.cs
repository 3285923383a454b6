namespace KadOrleans.Lab;

/// <summary>What a run of histories does.</summary>
internal sealed record HistoryOptions
{
    /// <summary>How long a node is frozen or away at most, if nothing else is given.</summary>
    public static readonly TimeSpan LongestOfNode = TimeSpan.FromSeconds(5);

    public static HistoryOptions Default { get; } = new();

    /// <summary>The cluster; null for a standalone node.</summary>
    public ClusterShape? Shape { get; init; }

    public int Faults { get; init; } = 12;

    public int Seed { get; init; } = 1;

    public int Clients { get; init; } = 16;

    public int Keys { get; init; } = 10;

    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What a client waits between two calls, on average.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Whether a retry may not hide a success, nor make a plain set twice.</summary>
    public bool IsStrict { get; init; }

    /// <summary>Where contradictions are written, as text, pictures and whole histories; null for nowhere.</summary>
    public string? Folder { get; init; }

    public bool IsJson { get; init; }

    /// <summary>Whether members are cut off from each other: several silos on a server.</summary>
    public bool HasCuts => Shape is { Storage: StorageKind.PostgreSql, Silos: > 1 };

    public string Subject => Shape is null ? "node" : $"cluster on {Shape.Storage}".ToLowerInvariant();

    public static HistoryOptions Read(OptionReader options)
    {
        var isNode = options.Flag("--node");
        return new HistoryOptions
        {
            Shape = isNode ? null : ReadShape(options),
            Faults = options.Integer("--faults", Default.Faults, 0, 10_000),
            Seed = options.Integer("--seed", Default.Seed, 0, int.MaxValue),
            LongestFreeze = options.Seconds("--longest-freeze", (isNode ? LongestOfNode : Default.LongestFreeze).TotalSeconds),
            Pace = TimeSpan.FromMilliseconds(options.Integer("--pace", (int)Default.Pace.TotalMilliseconds, 1, 60_000)),
            IsStrict = options.Flag("--strict"),
            Folder = options.Text("--out"),
            IsJson = options.Flag("--json"),
        };
    }

    private static ClusterShape ReadShape(OptionReader options)
    {
        var shape = ClusterShape.Read(options, edges: 2);
        return shape.Storage == StorageKind.Sqlite ? shape : shape with { Silos = options.Integer("--silos", 2, 1, 16) };
    }
}
