using KadOrleans.Oidc;

namespace KadOrleans.Server.Full;

/// <summary>Lets users of an identity provider use API and console.</summary>
public static class KadOidcExtensions
{
    /// <summary>Lets an executable have an identity provider. The section <c>Kad:Http:Oidc</c> says whether it has, and which.</summary>
    public static KadProviders UseKadOidc(this KadProviders providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        return providers.Add(new OidcSignIn());
    }
}
