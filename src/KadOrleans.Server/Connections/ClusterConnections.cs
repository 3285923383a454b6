using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Sets up Orleans' connections: encrypted where the settings ask for it, and watched for an early end.</summary>
internal static class ClusterConnections
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

    // Callers that prove at once what they have are a few at a time, also where one address has many; others wait for nothing.
    private const int MostUnprovenOfAddress = 32;

    /// <summary>Sets up one port of a silo: how many may be connected.</summary>
    public static void SetUpPort(IConnectionBuilder connections, ConnectionSide side, ITlsProvider? tls, KadSiloOptions options)
    {
        var most = options.ConnectionsWith(OpenFiles.Limit);
        var limit = new ConnectionLimit(most, Math.Min(options.ConnectionsPerAddress, Math.Max(1, most / 4)), closesKnown: false, MostUnprovenOfAddress);
        connections.Use(next => connection => limit.RunAsync(connection, next));
        SetUp(connections, side, tls);
    }

    /// <summary>Notes, behind the handshake, that a connection's caller is known: of too many connections others are closed first.</summary>
    public static void MarkKnown(IConnectionBuilder connections) => connections.Use(next => connection =>
    {
        ConnectionLimit.MarkKnown(connection.Items);
        return next(connection);
    });

    /// <summary>Logs why a connection failed, at most once a minute for each kind.</summary>
    public static void LogProblem(IServiceProvider services, string kind, string sentence) =>
        services.GetRequiredService<ConnectionProblems>().Add(kind, sentence);

    public static void SetUp(IConnectionBuilder connections, ConnectionSide side, ITlsProvider? tls)
    {
        tls?.Encrypt(connections, side);
        if (side.IsCaller)
        {
            var problems = connections.ApplicationServices.GetRequiredService<ConnectionProblems>();
            var cluster = connections.ApplicationServices.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId;
            connections.Use(next => connection => GreetAsync(next, connection, tls is not null, cluster, problems));
        }
    }

    // Inside TLS: with TLS 1.3 a caller learns only here that its certificate was refused. Orleans handles later failures.
    private static async Task GreetAsync(
        ConnectionDelegate next, ConnectionContext connection, bool isEncrypted, string cluster, ConnectionProblems problems)
    {
        try
        {
            await next(connection);
        }
        catch (HandshakeFailedException e) when (!e.HasEnded)
        {
            problems.Add("handshake", e.Message);
            throw;
        }
        catch (Exception e)
        {
            var ofKey = e is HandshakeFailedException
                ? "no key is set there, though one is here"
                : $"it wants the cluster's key, which is not set here ({KeySettings.Gateway}, or by {KeySettings.GatewayFile} the file {KeySettings.GatewayFileName} "
                    + "that a silo has in its data folder)";
            var ofTls = isEncrypted
                ? "it does not accept this process's certificate, as its log then says"
                : "it requires TLS, and Kad:Tls:Certificate is not set here";
            problems.Add(
                "ended early",
                $"The silo at {connection.RemoteEndPoint} ended the connection before its first message ({Phrases.ReasonOf(e)}): {ofKey}, {ofTls}, "
                    + $"it is of another cluster than '{cluster}' (Orleans:ClusterId), or it stops.");
            throw;
        }
    }
}
