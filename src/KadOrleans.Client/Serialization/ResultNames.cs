using KadOrleans.Client;
using Orleans.Serialization.Configuration;

[assembly: TypeManifestProvider(typeof(ResultNames))]

namespace KadOrleans.Client;

// The names of results on the wire. Their projects do not know Orleans, so they cannot have attributes. They were records with
// these members, so their surrogates include parameters as records do: the bytes are the same.
internal sealed class ResultNames : TypeManifestProviderBase
{
    protected override void ConfigureInner(TypeManifestOptions options)
    {
        options.WellKnownTypeAliases["kad.DhtLookup"] = typeof(LookupOutcome);
        options.WellKnownTypeAliases["kad.DhtGetResult"] = typeof(GetResult);
        options.WellKnownTypeAliases["kad.DhtSetResult"] = typeof(SetResult);
        options.WellKnownTypeAliases["kad.DhtPingResult"] = typeof(PingResult);
        options.WellKnownTypeAliases["kad.SweepProgress"] = typeof(SweepProgress);
        options.WellKnownTypeAliases["kad.AdminHolder"] = typeof(KeyHolder);
        options.WellKnownTypeAliases["kad.AdminTrace"] = typeof(LookupTrace);
        options.WellKnownTypeAliases["kad.AdminQuery"] = typeof(LookupQuery);
    }
}
