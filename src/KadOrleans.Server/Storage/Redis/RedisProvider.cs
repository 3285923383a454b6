using StackExchange.Redis;

namespace KadOrleans.Server;

/// <summary>
/// Redis for members, reminders and a grain directory, by Orleans' own providers. The grains' state is refused: Redis acknowledges a write
/// before it is on disk, by default up to a second, and a replica that takes over may lack more.
/// </summary>
internal sealed class RedisProvider : IStorageProvider
{
    public const string StorageName = "Redis";

    public string Name => StorageName;

    public IReadOnlyList<string> OtherNames => ["AzureRedisCache"];

    public SettingSection Section => new(RedisOptions.Section, typeof(RedisOptions));

    public bool MayForgetReminders => true;

    public string? FindObstacle(string section) => section == OrleansSettings.Storage
        ? "which may lose the last second of what it acknowledged, and a STORE that was acknowledged must not be lost"
        : null;

    public void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo)
    {
        var connection = orleans.RequireConnection(section, this, RedisOptions.ConnectionSetting);
        RedisConnection.Read(connection, ReadOptions(orleans.Configuration));
        orleans.Values[$"{section}:ProviderType"] = Name;
        orleans.Values[$"{section}:ServiceKey"] = connection.Setting;
    }

    public void AddConnections(IServiceCollection services, IConfiguration configuration, string section)
    {
        var setting = configuration[$"{section}:ServiceKey"]!;
        services.AddRedis(RedisConnection.Read(new(setting, configuration[setting]!.Trim(), null), ReadOptions(configuration)), setting);
    }

    public StorageFault? Explain(Exception cause) => cause.GetType().Assembly == typeof(IConnectionMultiplexer).Assembly
        ? new("Redis", StorageFault.Beginning(StorageFault.WithRoot(cause))) { Setting = RedisOptions.ConnectionSetting }
        : null;

    public async Task CheckAsync(IServiceProvider services)
    {
        foreach (var connection in services.GetServices<RedisConnection>())
        {
            await connection.CheckAsync();
        }
    }

    private static RedisOptions ReadOptions(IConfiguration configuration) => KadSettings.ReadSection<RedisOptions>(configuration, RedisOptions.Section);
}
