namespace KadOrleans.Lab;

/// <summary>What a cluster is made of.</summary>
public sealed record ClusterShape
{
    public StorageKind Storage { get; init; } = StorageKind.PostgreSql;

    /// <summary>Whether PostgreSQL has a standby, which has each commit before it is told to anybody.</summary>
    public bool HasStandby { get; init; }

    public int Silos { get; init; } = 3;

    public int Edges { get; init; } = 2;

    public int ShardBits { get; init; } = 7;

    /// <summary>The network that silos, edges and PostgreSQL are parts of; null if all are on loopback.</summary>
    public MemberNetwork? Network { get; init; }

    /// <summary>Settings of each silo and edge, besides those of a cluster.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The executable of silos and edges, as a path without the extension.</summary>
    public required string Server { get; init; }

    public static ClusterShape Read(OptionReader options, int edges)
    {
        var storage = options.Choice("--storage", StorageKind.PostgreSql);
        var most = storage == StorageKind.Sqlite ? 1 : 16;
        return new ClusterShape
        {
            Storage = storage,
            Silos = options.Integer("--silos", Math.Min(3, most), 1, most),
            Edges = options.Integer("--edges", edges, 1, 16),
            ShardBits = options.Integer("--shard-bits", storage == StorageKind.Sqlite ? 4 : 7, 0, 12),
            Server = ServerExecutable.Find(options.Text("--build")),
        };
    }
}

/// <summary>Where a cluster keeps its state.</summary>
public enum StorageKind
{
    Sqlite,
    PostgreSql,
    Azurite,
}
