using KadOrleans.Tls.Certificates;
using KadOrleans.Tls.Configuration;
using KadOrleans.Tls.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace KadOrleans.Tls.Hosting;

/// <summary>Encrypts the connections between silos and from clients, with certificates on both sides.</summary>
public static class KadTlsExtensions
{
    /// <summary>Presents and demands certificates as the section <c>Kad:Tls</c> says; without it connections stay as they are.</summary>
    /// <exception cref="OptionsValidationException">A setting or a certificate cannot be used; the one sentence names the setting.</exception>
    public static IClientBuilder UseKadTls(this IClientBuilder builder, IConfiguration configuration) =>
        builder.UseKadTls(KadTlsOptionsReader.Read(configuration));

    /// <summary>Presents and demands certificates; without options connections stay as they are.</summary>
    /// <exception cref="OptionsValidationException">A certificate cannot be used; the one sentence names the setting.</exception>
    public static IClientBuilder UseKadTls(this IClientBuilder builder, KadTlsOptions? options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        TlsSetup.AddServices(builder.Services, options, CertificateUse.Client);
        builder.Configure<ClientConnectionOptions>(connections =>
            connections.ConfigureConnection(connection => TlsSetup.Use(connection, ConnectionSide.Caller)));
        return builder;
    }

    /// <inheritdoc cref="UseKadTls(IClientBuilder, KadTlsOptions?)"/>
    public static ISiloBuilder UseKadTls(this ISiloBuilder builder, KadTlsOptions? options)
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
