using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StackExchange.Redis;

namespace KadOrleans.Server;

/// <summary>A connection to Redis, which all parts share that name the same setting.</summary>
internal sealed record RedisConnection(string Setting, ConfigurationOptions Options)
{
    /// <summary>Reads a connection string and the files of the section <c>Kad:Redis</c>.</summary>
    /// <exception cref="OptionsValidationException">One of them is wrong. The message does not quote the connection string.</exception>
    public static ConfigurationOptions Read(Connection connection, RedisOptions redis)
    {
        var options = Parse(connection);
        if (options.EndPoints.Count == 0)
        {
            throw Unreadable(connection.Setting, "it names no server");
        }

        ReadTls(options, connection.Setting, redis);

        // It is used while Redis is away, too: silos and edges go on, and it connects again by itself.
        options.AbortOnConnectFail = false;
        return options;
    }

    /// <summary>Connects once, and ends with an error that says why not: the shared one would go on trying.</summary>
    public async Task CheckAsync()
    {
        var once = Options.Clone();
        once.AbortOnConnectFail = true;
        await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(once);
        await multiplexer.GetDatabase().PingAsync();
    }

    private static ConfigurationOptions Parse(Connection connection)
    {
        try
        {
            return ConfigurationOptions.Parse(connection.Text);
        }
        catch (ArgumentException mistake)
        {
            // The message has the name of a key, and not its value.
            throw Unreadable(
                connection.Setting,
                mistake.ParamName is { Length: > 0 } key ? $"{KadSettings.Quote(key)} is unknown, or its value is wrong" : "it is not understood");
        }
    }

    private static OptionsValidationException Unreadable(string setting, string why) => KadSettings.Mistake(
        $"{setting} cannot be used: {why}; HOST:PORT with options behind it and commas between is needed, "
        + "such as 127.0.0.1:6379,password=...,ssl=true.");

    private static void ReadTls(ConfigurationOptions options, string setting, RedisOptions redis)
    {
        if (redis is { Authority: null, Certificate: null, Key: null })
        {
            return;
        }

        if (!options.Ssl)
        {
            throw KadSettings.Mistake($"Kad:Redis has a file of certificates, and {setting} has no ssl=true; ssl=true is needed with it.");
        }

        if (redis.Certificate is null != redis.Key is null)
        {
            throw KadSettings.Mistake(
                $"Kad:Redis:{(redis.Key is null ? "Key" : "Certificate")} is missing; Kad:Redis:Certificate and Kad:Redis:Key are needed together.");
        }

        if (redis.Authority is { } authority)
        {
            ReadFile("Authority", authority, options.TrustIssuer);
        }

        if (redis.Certificate is { } certificate)
        {
            ReadFile("Certificate", certificate, file => options.SetUserPemCertificate(file, redis.Key));
        }
    }

    private static void ReadFile(string name, string file, Action<string> read)
    {
        try
        {
            read(file);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw KadSettings.Mistake(
                $"Kad:Redis:{name}: {KadSettings.Quote(file)} cannot be read ({Phrases.OfFile(file, e)}); "
                + "a PEM file is needed, with its key unencrypted.");
        }
    }
}

internal static class RedisServices
{
    /// <summary>Adds a connection under a key, once. It is opened when it is first asked for.</summary>
    public static void AddRedis(this IServiceCollection services, ConfigurationOptions options, string key)
    {
        if (services.Any(service => service.ServiceType == typeof(IConnectionMultiplexer) && key.Equals(service.ServiceKey)))
        {
            return;
        }

        services.AddSingleton(new RedisConnection(key, options));
        services.TryAddKeyedSingleton<IConnectionMultiplexer>(key, (_, _) => ConnectionMultiplexer.Connect(options));
    }
}
