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

    /// <summary>Sets up one port of a silo: how many may be connected, and how long each may take for its first message.</summary>
    public static void SetUpPort(IConnectionBuilder connections, ConnectionSide side, ITlsProvider? tls, KadSiloOptions options)
    {
        var most = options.ConnectionsWith(OpenFiles.Limit);
        var limit = new ConnectionLimit(most, Math.Min(options.ConnectionsPerAddress, Math.Max(1, most / 4)), closesKnown: false);
        connections.Use(next => connection => limit.RunAsync(connection, next));
        SetUp(connections, side, tls);

        // Within TLS, whose handshake has a timeout of its own. Whom a gateway refuses besides is the grains' to say.
        var time = connections.ApplicationServices.GetService<TimeProvider>() ?? TimeProvider.System;
        connections.Use(next => connection => FirstMessage.ExpectAsync(connection, Known(next), time, allowedHosted: null));
    }

    // Of too many connections the one closes first whose first message did not come.
    private static ConnectionDelegate Known(ConnectionDelegate next) => connection =>
    {
        ConnectionLimit.NoteKnown(connection.Items);
        return next(connection);
    };

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
            if (NamedCluster.FindOther(e) is { } other)
            {
                problems.Add(
                    "other cluster",
                    $"The silo at {connection.RemoteEndPoint} refuses the connection: its cluster is '{other.Met}', not '{other.Expected}'; "
                    + "Orleans:ClusterId must be that of the cluster.");
                throw;
            }

            problems.Add(
                "ended early",
                $"The silo at {connection.RemoteEndPoint} ended the connection before its first message ({Phrases.ReasonOf(e)}): " + (isEncrypted
                    ? "it does not accept this process's certificate, as its log then says, or it stops."
                    : "it requires TLS, and Kad:Tls:Certificate is not set here, or that is its Kad:Silo:Port and not its Kad:Silo:GatewayPort, or it stops."));
            throw;
        }
    }
}
