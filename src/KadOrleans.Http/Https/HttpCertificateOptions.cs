using Microsoft.Extensions.Configuration;

namespace KadOrleans.Http;

// The certificate of HTTPS, by the web server's own settings: a PEM file with its key in another one, or a PKCS#12 file. The server itself
// would read a file again only where its folder tells of changes, which Kubernetes' does not.
internal sealed record HttpCertificateOptions(string Path, string? KeyPath, string? Password)
{
    public const string PathSetting = $"{Section}:Path";
    public const string KeyPathSetting = $"{Section}:KeyPath";
    public const string PasswordSetting = $"{Section}:Password";

    private const string Server = "Kestrel";
    private const string Section = $"{Server}:Certificates:Default";
    private static readonly string[] Known = [PathSetting, KeyPathSetting, PasswordSetting];

    /// <summary>Reads the settings of a process that serves HTTPS. Does not read files.</summary>
    /// <param name="configuration">The root of the configuration.</param>
    /// <param name="place">The setting that asks for HTTPS, and its value, as the beginning of a sentence.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is missing, or is not read here.</exception>
    public static HttpCertificateOptions Read(IConfiguration configuration, string place)
    {
        var path = Text(configuration, PathSetting);
        return KadSettings.Given(configuration, Server)
                .FirstOrDefault(given => !Known.Contains(given.Key, StringComparer.OrdinalIgnoreCase)).Key is { } unknown
            ? throw KadSettings.Mistake($"{unknown} is not a setting; {place}, and of {Server} {string.Join(", ", Known)} are read.")
            : path is null
                ? throw KadSettings.Mistake($"{place}, and {PathSetting} is missing; the PEM file of a certificate, with its key in "
                    + $"{KeyPathSetting}, or a PKCS#12 file is needed.")
                : new HttpCertificateOptions(path, Text(configuration, KeyPathSetting), Text(configuration, PasswordSetting));
    }

    private static string? Text(IConfiguration configuration, string name) => configuration[name]?.Trim() is { Length: > 0 } text ? text : null;
}
