using System.Net;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>
/// The silo's name and address. Of two silos at one endpoint Orleans takes the one with the higher generation for the newer one, and takes the
/// time for the generation. So that a clock which was ahead does not make the next run the older one, <see cref="StartAbove"/> raises it.
/// </summary>
internal sealed class SiloIdentity(IOptions<SiloOptions> silo, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints) : ILocalSiloDetails
{
    // Guards the two fields below.
    private readonly Lock _gate = new();
    private SiloAddress? _address;
    private int _least = int.MinValue;

    public string Name => silo.Value.SiloName;

    public string ClusterId => cluster.Value.ClusterId;

    public string DnsHostName { get; } = Dns.GetHostName();

    public IPEndPoint Endpoint => new(endpoints.Value.AdvertisedIPAddress, endpoints.Value.SiloPort);

    public SiloAddress SiloAddress
    {
        get
        {
            lock (_gate)
            {
                return _address ??= SiloAddress.New(Endpoint, Math.Max(SiloAddress.AllocateNewGeneration(), _least));
            }
        }
    }

    // Orleans takes null for a silo without a gateway.
    public SiloAddress GatewayAddress => endpoints.Value switch
    {
        { GatewayPort: not 0 and var port } => SiloAddress.New(new IPEndPoint(endpoints.Value.AdvertisedIPAddress, port), 0),
        { GatewayListeningEndpoint.Port: var port } => SiloAddress.New(new IPEndPoint(endpoints.Value.AdvertisedIPAddress, port), 0),
        _ => null!,
    };

    /// <summary>The generation will be above this one, which an earlier run had.</summary>
    /// <exception cref="InvalidOperationException">The address is in use already.</exception>
    public void StartAbove(int generation)
    {
        lock (_gate)
        {
            if (_address is not null)
            {
                throw new InvalidOperationException("The silo's address is in use already.");
            }

            _least = Math.Max(_least, generation + 1);
        }
    }
}
