using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Node.Trust;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Decides whose requests are answered: those of trusted sources, and within the rates those of all others. Endpoints that have proved
/// their address have rates of their own. So forged requests use up an honest endpoint's rate only if they carry its very address and port.
/// </summary>
internal sealed class SourceAdmission(AddressRangeSet trusted, VerifiedEndpoints verified, SourceLimits limits, TimeProvider time)
{
    private readonly SourceLimiter _strangers = new(limits);
    private readonly SourceLimiter _verifiedSubnets = new(limits);

    /// <summary>Whether a source is trusted.</summary>
    public bool IsTrusted(UdpEndpoint source) => trusted.Contains(source);

    /// <summary>The rates of a source that has proved its address; null for others.</summary>
    public VerifiedEndpoint? Find(UdpEndpoint source) => verified.TryGet(source, out var found) ? found : null;

    /// <summary>Whether one more request of a source that is not trusted is within the rates.</summary>
    public bool TryAdmit(UdpEndpoint source, VerifiedEndpoint? found)
    {
        var now = time.GetUtcNow();
        return found is null
            ? _strangers.TryAdmit(source, now)
            : found.TryAdmit(now) && _verifiedSubnets.TryAdmitSubnet(source, now);
    }
}
