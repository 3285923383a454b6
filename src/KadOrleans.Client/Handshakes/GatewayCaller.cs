using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Client;

/// <summary>
/// Has a client's connections to gateways begin with a handshake, if it has a key. Orleans logs each connection that fails, with the sentence of
/// why, and tries again.
/// </summary>
internal static class GatewayCaller
{
    /// <summary>Adds it to the services of a client, once. In a silo, which is none, its options are checked and not used.</summary>
    public static IServiceCollection AddGatewayHandshake(this IServiceCollection services)
    {
        if (services.Any(service => service.ImplementationType == typeof(KadClientOptionsValidator)))
        {
            return services;
        }

        services.AddSingleton<IValidateOptions<KadClientOptions>, KadClientOptionsValidator>();
        services.AddOptions<KadClientOptions>().Configure<IServiceProvider>(static (options, provider) =>
        {
            if (provider.GetService<IConfiguration>() is not { } configuration)
            {
                return;
            }

            KeySettings.RefuseMisspelt<KadClientOptions>(configuration);
            options.GatewayKey ??= configuration[KeySettings.Gateway];
            options.GatewayKeyFile ??= configuration[KeySettings.GatewayFile];
        }).ValidateOnStart();

        // Behind all that others set up for the connections, such as their encryption.
        services.AddOptions<ClientConnectionOptions>().PostConfigure(
            static client => client.ConfigureConnection(static connections => connections.Use(next => connection => CallAsync(connections, connection, next))));
        return services;
    }

    private static Task CallAsync(IConnectionBuilder connections, ConnectionContext connection, ConnectionDelegate next)
    {
        var services = connections.ApplicationServices;
        var options = services.GetRequiredService<IOptions<KadClientOptions>>().Value;
        var file = options.IsFileOptional && !File.Exists(options.GatewayKeyFile) ? null : options.GatewayKeyFile;
        var key = KeySettings.Read(options.GatewayKey, file, KeySettings.Gateway, out var problem);
        if (problem is not null)
        {
            throw new HandshakeFailedException(problem);
        }

        var cluster = services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId;
        if (key is null)
        {
            return CallWithoutAsync(connection, next, cluster);
        }

        var terms = new PortTerms(PortKind.Gateway, cluster);
        return PortHandshake.MakeAsync(connection, next, terms, key, services.GetService<TimeProvider>() ?? TimeProvider.System);
    }

    // A silo that wants a key ends a connection without one, and a silo of another cluster each. Orleans handles what fails after the first message.
    private static async Task CallWithoutAsync(ConnectionContext connection, ConnectionDelegate next, string cluster)
    {
        try
        {
            await next(connection);
        }
        catch (Exception e)
        {
            throw new ConnectionAbortedException(
                $"The silo at {connection.RemoteEndPoint} ended the connection before its first message: it wants the cluster's key, which is not set here "
                    + $"({KeySettings.Gateway} or {KeySettings.GatewayFile}), or is of another cluster than '{cluster}' (Orleans:ClusterId), or it stops.",
                e);
        }
    }

    /// <summary>Refuses a key that is none when the client starts. Its file may come later.</summary>
    private sealed class KadClientOptionsValidator : IValidateOptions<KadClientOptions>
    {
        public ValidateOptionsResult Validate(string? name, KadClientOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var file = File.Exists(options.GatewayKeyFile) || !string.IsNullOrWhiteSpace(options.GatewayKey) ? options.GatewayKeyFile : null;
            KeySettings.Read(options.GatewayKey, file, KeySettings.Gateway, out var problem);
            return problem is null ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problem);
        }
    }
}
