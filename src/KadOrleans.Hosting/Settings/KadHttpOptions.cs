namespace KadOrleans.Hosting;

/// <summary>Where health, status, the API and a silo's dashboard are served.</summary>
public sealed class KadHttpOptions
{
    public const string Setting = "Kad:Http";
    public const string HostsSetting = "Kad:Http:Hosts";
    public const string TokensSetting = "Kad:Http:Tokens";

    /// <summary>IP:PORT, or PORT on loopback.</summary>
    public string? Address { get; set; }

    /// <summary>The host names that requests may use besides IP addresses and localhost; behind <c>https://</c> those that a proxy serves by HTTPS.</summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>The file of the API's tokens. Null: the API is not served, except by a silo with <see cref="KadOptions.HasOwnToken"/>.</summary>
    public string? Tokens { get; set; }

    public int Connections { get; set; } = HttpLimits.MaxConnections;

    /// <summary><see cref="Address"/>, or the process's default.</summary>
    public IPEndPoint EndPoint { get; internal set; } = new(IPAddress.Loopback, KadOptions.SiloHttpPort);

    public HttpPlace Place => new(EndPoint, new HostNames(Hosts), Setting, HostsSetting, Connections);
}
