using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Sets up Orleans' connections: encrypted where the settings ask for it, and watched for an early end.</summary>
public static class ClusterConnections
{
    public static IClientBuilder UseConnections(this IClientBuilder builder, KadTlsOptions? options, ITlsProvider? tls)
    {
        AddServices(builder.Services, options, tls, CertificateUse.Client);
        builder.Configure<ClientConnectionOptions>(client =>
            client.ConfigureConnection(connections => SetUp(connections, ConnectionSide.Caller, tls)));
        return builder;
    }

    public static void AddServices(IServiceCollection services, KadTlsOptions? options, ITlsProvider? tls, CertificateUse use)
    {
        services.TryAddSingleton(provider => new ConnectionProblems(
            provider.GetService<TimeProvider>() ?? TimeProvider.System, provider.GetRequiredService<ILogger<ConnectionProblems>>()));
        if (options is not null)
        {
            tls!.AddServices(services, options, use);
        }
    }

    public static void SetUp(IConnectionBuilder connections, ConnectionSide side, ITlsProvider? tls)
    {
        tls?.Encrypt(connections, side);
        if (side.IsCaller)
        {
            var problems = connections.ApplicationServices.GetRequiredService<ConnectionProblems>();
            connections.Use(next => connection => GreetAsync(next, connection, tls is not null, problems));
        }
    }

    // Inside TLS: with TLS 1.3 a caller learns only here that its certificate was refused. Orleans handles later failures.
    private static async Task GreetAsync(ConnectionDelegate next, ConnectionContext connection, bool isEncrypted, ConnectionProblems problems)
    {
        try
        {
            await next(connection);
        }
        catch (Exception e)
        {
            problems.Add(
                "ended early",
                $"The silo at {connection.RemoteEndPoint} ended the connection before its first message ({Phrases.ReasonOf(e)}): " + (isEncrypted
                    ? "it does not accept this process's certificate, as its log then says, or it stops."
                    : "it requires TLS, and Kad:Tls:Certificate is not set here, or it stops."));
            throw;
        }
    }
}

public sealed record ConnectionSide(bool IsCaller, CertificateUse Other)
{
    // A silo or a client that calls a silo, and a silo on its port for silos, and for clients.
    public static readonly ConnectionSide Caller = new(true, CertificateUse.Silo);
    public static readonly ConnectionSide SiloPort = new(false, CertificateUse.Silo);
    public static readonly ConnectionSide Gateway = new(false, CertificateUse.Client);

    public string OtherName => IsCaller ? "A silo" : Other == CertificateUse.Silo ? "A caller of the port for silos" : "A client";
}

public enum CertificateUse
{
    /// <summary>To be a silo, which both listens and calls other silos.</summary>
    Silo,

    /// <summary>To be a client of silos: an edge or any other.</summary>
    Client,
}

/// <summary>Logs why connections failed: each kind at most once a minute, as strangers cause them.</summary>
public sealed class ConnectionProblems(TimeProvider time, ILogger<ConnectionProblems> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Guards the dictionary.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _loggedAt = [];

    public void Add(string kind, string sentence)
    {
        lock (_gate)
        {
            if (_loggedAt.TryGetValue(kind, out var at) && time.GetElapsedTime(at) < Interval)
            {
                return;
            }

            _loggedAt[kind] = time.GetTimestamp();
        }

        SiloLog.ConnectionRefused(logger, sentence);
    }
}
