using Orleans.Metadata;

namespace KadOrleans.Grains;

/// <summary>Marks the manifest of a silo that gives a proof with each call.</summary>
internal sealed class ProofMark(IOptions<KadClusterOptions> options) : IGrainInterfacePropertiesProvider
{
    private const string Property = "kad.gives-proof";

    public static bool IsIn(GrainManifest manifest) => manifest.Interfaces.Values.Any(known => known.Properties.ContainsKey(Property));

    public void Populate(Type interfaceType, GrainInterfaceType grainInterfaceType, Dictionary<string, string> properties)
    {
        if (interfaceType == typeof(IClusterGrain) && !string.IsNullOrEmpty(options.Value.EdgeKey))
        {
            properties[Property] = "true";
        }
    }
}
