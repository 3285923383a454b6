using StackExchange.Redis;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>A Redis and a PostgreSQL, and silos and edges on them.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const string Members = "kad/members/kad";
    private const string Version = "Version";

    /// <summary>The key with the reminders.</summary>
    public const string Reminders = "kad/reminders";

    private readonly PostgreSqlServer _database;
    private readonly string _options;

    private RedisCluster(RedisServer redis, PostgreSqlServer database, string options) => (Redis, _database, _options) = (redis, database, options);

    public RedisServer Redis { get; }

    public string[] Storage =>
    [
        "Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString={_database.ConnectionString}",
        "Kad:Clustering=Redis", $"Kad:Redis:ConnectionString={Redis.Address}{_options}",
    ];

    public static async Task<RedisCluster> StartAsync(RedisServer? redis = null, string options = "")
    {
        redis ??= await RedisServer.StartAsync();
        try
        {
            return new RedisCluster(redis, await PostgreSqlServer.StartAsync(), options);
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    public SiloServer Silo(string folder, params string[] settings) => new(folder, [.. Storage, SiloServer.ShardBits(4), .. settings]);

    public EdgeServer Edge(string folder, params string[] settings) => new(folder, "edge", [.. Storage[2..], .. settings]);

    public async Task<long> CountAsync(string key)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        return await client.GetDatabase().SortedSetLengthAsync(key);
    }

    public async Task<IReadOnlyCollection<string>> KeysAsync(string pattern)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        return [.. client.GetServer(Redis.Address).Keys(pattern: pattern).Select(key => key.ToString())];
    }

    /// <summary>What the table of members says of each.</summary>
    public async Task<IReadOnlyList<SiloStatus>> StatusesAsync()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        return [.. (await RowsAsync(client)).Select(row => (SiloStatus)(int)JsonNode.Parse(row.Value.ToString())![nameof(MembershipEntry.Status)]!)];
    }

    /// <summary>Writes one of the rows as it was before its silo was active, and the version as it was before that.</summary>
    public async Task LoseActiveAsync()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        var row = (await RowsAsync(client))[0];
        var entry = JsonNode.Parse(row.Value.ToString())!;
        entry[nameof(MembershipEntry.Status)] = (int)SiloStatus.Joining;
        var version = (int)await client.GetDatabase().HashGetAsync(Members, Version);
        await client.GetDatabase().HashSetAsync(Members, [new(row.Name, entry.ToJsonString()), new(Version, version - 1)]);
    }

    private static async Task<HashEntry[]> RowsAsync(ConnectionMultiplexer client) =>
        [.. (await client.GetDatabase().HashGetAllAsync(Members)).Where(row => row.Name != Version)];

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        await _database.DisposeAsync();
    }
}
