using System.Net.Security;
using KadOrleans.Tls.Certificates;
using KadOrleans.Hosting.Settings;
using KadOrleans.Tls.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace KadOrleans.Tls.Hosting;

/// <summary>Encrypts the connections between silos and from clients by mutual TLS.</summary>
public static class KadTlsExtensions
{
    /// <summary>
    /// Requires certificates on both sides of connections, by the section <c>Kad:Tls</c>. If it is empty, connections stay unencrypted.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configuration">The root of the configuration.</param>
    /// <exception cref="OptionsValidationException">
    /// A setting is missing or wrong, or a certificate cannot be used. The message names the setting.
    /// </exception>
    public static IClientBuilder UseKadTls(this IClientBuilder builder, IConfiguration configuration) =>
        builder.UseKadTls(KadTlsOptions.Read(configuration));

    /// <summary>Requires certificates on both sides of connections. Without options connections stay unencrypted.</summary>
    /// <exception cref="OptionsValidationException">A certificate cannot be used. The message names the setting.</exception>
    internal static IClientBuilder UseKadTls(this IClientBuilder builder, KadTlsOptions? options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        TlsSetup.AddServices(builder.Services, options, CertificateUse.Client);
        builder.Configure<ClientConnectionOptions>(connections =>
            connections.ConfigureConnection(connection => TlsSetup.Use(connection, ConnectionSide.Caller)));
        return builder;
    }

    /// <inheritdoc cref="UseKadTls(IClientBuilder, KadTlsOptions?)"/>
    internal static ISiloBuilder UseKadTls(this ISiloBuilder builder, KadTlsOptions? options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        TlsSetup.AddServices(builder.Services, options, CertificateUse.Silo);
        builder.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(connection => TlsSetup.Use(connection, ConnectionSide.SiloPort));
            connections.ConfigureGatewayInboundConnection(connection => TlsSetup.Use(connection, ConnectionSide.Gateway));
            connections.ConfigureSiloOutboundConnection(connection => TlsSetup.Use(connection, ConnectionSide.Caller));
        });
        return builder;
    }
}

/// <summary>Adds TLS to Orleans' connections.</summary>
internal static class TlsSetup
{
    /// <summary>Reads the credentials, and registers the services of connections.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The credentials cannot be used.</exception>
    public static void AddServices(IServiceCollection services, KadTlsOptions? options, CertificateUse use)
    {
        services.TryAddSingleton(provider => new ConnectionProblems(Time(provider), provider.GetRequiredService<ILogger<ConnectionProblems>>()));
        if (options is null)
        {
            return;
        }

        var reader = new CredentialReader(options, use, TimeProvider.System);
        var first = reader.Read();
        services.AddSingleton(options);
        services.AddSingleton(provider => new RenewedCredentials(
            reader, first, Time(provider), provider.GetRequiredService<ILogger<RenewedCredentials>>()));
    }

    /// <summary>Watches connections of one kind, and encrypts them if there are options.</summary>
    public static void Use(IConnectionBuilder builder, ConnectionSide side)
    {
        var services = builder.ApplicationServices;
        var options = services.GetService<KadTlsOptions>();
        var problems = services.GetRequiredService<ConnectionProblems>();
        if (options is not null)
        {
            builder.Use(next => new HandshakeWatch(next, side, problems).RunAsync);
            Encrypt(new HandshakeFailures(builder), side, Create(options, services.GetRequiredService<RenewedCredentials>(), side));
        }

        if (side.IsCaller)
        {
            builder.Use(next => new GreetingWatch(next, side, options is not null, problems).RunAsync);
        }
    }

    private static void Encrypt(IConnectionBuilder builder, ConnectionSide side, TlsOptions options)
    {
        if (side.IsCaller)
        {
            builder.UseClientTls(options);
        }
        else
        {
            builder.UseServerTls(options);
        }
    }

    private static TlsOptions Create(KadTlsOptions options, RenewedCredentials credentials, ConnectionSide side) => new()
    {
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        RemoteCertificateValidation = (certificate, chain, _) =>
        {
            var flags = Credentials.Flags(chain);
            var flaw = credentials.Policy.Judge(certificate, side.Other, flags, credentials.Now);
            if (flaw != CertificateFlaw.None)
            {
                Handshake.Current?.Refuse(flaw, certificate, credentials.Policy.Explain(flaw, certificate, side.Other, flags));
            }

            return flaw == CertificateFlaw.None;
        },

        // Required, but the context below overrides it and has the intermediates, too.
        LocalServerCertificateSelector = (_, _) => credentials.Get().Certificate,
        OnAuthenticateAsServer = (_, given) => Fill((SslServerAuthenticationOptions)given.SslServerAuthenticationOptions, credentials.Get()),
        OnAuthenticateAsClient = (_, given) =>
            Fill((SslClientAuthenticationOptions)given.SslClientAuthenticationOptions, credentials.Get(), options.Name),
    };

    private static void Fill(SslServerAuthenticationOptions server, Credentials credentials)
    {
        server.ServerCertificateSelectionCallback = null;
        server.ServerCertificateContext = credentials.Context;
        server.CertificateChainPolicy = credentials.CreateChainPolicy();

        // A resumed session would skip the check of certificates.
        server.AllowTlsResume = false;
    }

    private static void Fill(SslClientAuthenticationOptions client, Credentials credentials, string name)
    {
        client.TargetHost = name;
        client.ClientCertificateContext = credentials.Context;
        client.CertificateChainPolicy = credentials.CreateChainPolicy();
        client.AllowTlsResume = false;
    }

    private static TimeProvider Time(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;
}
