namespace KadOrleans.Server;

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
        return builder.UseConnections(options, options is null ? null : new TlsProvider());
    }
}
