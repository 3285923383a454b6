namespace KadOrleans.Server;

/// <summary>How members and reminders on Redis are reached: the section <c>Kad:Redis</c>.</summary>
internal sealed class RedisOptions
{
    public const string Section = "Redis";

    public const string ConnectionSetting = $"Kad:{Section}:{nameof(ConnectionString)}";

    /// <summary>As StackExchange.Redis reads it: <c>HOST:PORT</c> and options, with commas between.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>A PEM file with the authority of Redis' certificate, in place of the system's trusted roots. It needs <c>ssl=true</c>.</summary>
    public string? Authority { get; set; }

    /// <summary>A PEM file with the certificate that is shown to Redis, and <see cref="Key"/> with its private key, not encrypted.</summary>
    public string? Certificate { get; set; }

    public string? Key { get; set; }
}
