namespace KadOrleans.Server.Full;

/// <summary>Keeps a cluster's members and reminders in Redis.</summary>
public static class KadRedisExtensions
{
    /// <summary>Lets an executable use Redis. <c>Kad:Clustering=Redis</c> says whether it does.</summary>
    public static KadProviders UseKadRedis(this KadProviders providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        return providers.Add(new RedisProvider());
    }
}
