using KadOrleans.Hosting.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace KadOrleans.Hosting.Cluster.Connections;

/// <summary>Sets up Orleans' connections: encrypted where the settings ask for it, and watched for what ends them early.</summary>
internal static class ClusterConnections
{
    /// <summary>Sets up the connections of a client.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="options">Null: connections stay unencrypted.</param>
    /// <param name="tls">Encrypts them; null without options.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A certificate cannot be used. The message names the setting.</exception>
    public static IClientBuilder UseConnections(this IClientBuilder builder, KadTlsOptions? options, ITlsProvider? tls)
    {
        AddServices(builder.Services, options, tls, CertificateUse.Client);
        builder.Configure<ClientConnectionOptions>(client =>
            client.ConfigureConnection(connections => SetUp(connections, ConnectionSide.Caller, tls)));
        return builder;
    }

    /// <summary>Registers what connections need.</summary>
    /// <inheritdoc cref="UseConnections"/>
    public static void AddServices(IServiceCollection services, KadTlsOptions? options, ITlsProvider? tls, CertificateUse use)
    {
        services.TryAddSingleton(provider => new ConnectionProblems(
            provider.GetService<TimeProvider>() ?? TimeProvider.System, provider.GetRequiredService<ILogger<ConnectionProblems>>()));
        if (options is not null)
        {
            tls!.AddServices(services, options, use);
        }
    }

    /// <summary>Sets up the connections of one kind.</summary>
    public static void SetUp(IConnectionBuilder connections, ConnectionSide side, ITlsProvider? tls)
    {
        tls?.Encrypt(connections, side);
        if (side.IsCaller)
        {
            var problems = connections.ApplicationServices.GetRequiredService<ConnectionProblems>();
            connections.Use(next => new GreetingWatch(next, side, tls is not null, problems).RunAsync);
        }
    }
}
