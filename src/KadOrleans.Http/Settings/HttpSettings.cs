namespace KadOrleans.Http;

/// <summary>Where health, status, the API and a silo's dashboard are served.</summary>
internal sealed class HttpSettings
{
    public const string Setting = "Kad:Http";
    public const string HostsSetting = "Kad:Http:Hosts";
    public const string TokensSetting = "Kad:Http:Tokens";

    /// <summary>IP:PORT, or PORT on loopback; behind <c>https://</c> for HTTPS.</summary>
    public string? Address { get; set; }

    /// <summary>The host names that requests may use besides IP addresses and localhost; behind <c>https://</c> those that a proxy serves by HTTPS.</summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>The file of the API's tokens. Null: the API is not served, except by a silo with <see cref="KadOptions.HasOwnToken"/>.</summary>
    public string? Tokens { get; set; }

    /// <summary>The identity provider whose users may use API and console. Null: none.</summary>
    public KadOidcOptions? Oidc { get; set; }

    [Within(HttpLimits.LeastConnections, HttpLimits.MostConnections)]
    public int Connections { get; set; } = HttpLimits.MaxConnections;

    /// <summary>The addresses or ranges of proxies, which may have all of <see cref="Connections"/>; others have a quarter each.</summary>
    public IList<string> Proxies { get; } = [];

    /// <summary><see cref="Address"/>, or the process's default.</summary>
    public IPEndPoint EndPoint { get; internal set; } = new(IPAddress.Loopback, KadOptions.SiloHttpPort);

    /// <summary>The certificate of HTTPS; null for HTTP in the clear.</summary>
    public HttpCertificateOptions? Certificate { get; internal set; }

    public HttpPlace Place => new(EndPoint, new HostNames(Hosts), Setting, HostsSetting, Connections, Certificate) { Proxies = [.. Proxies] };
}
