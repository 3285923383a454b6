namespace KadOrleans.Edge;

/// <summary>Ends the start of a silo with an edge and without the DHT's grains, whose edge would wait for them for ever.</summary>
internal sealed class SiloGrainsCheck(IServiceProviderIsService services) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        // Of what UseKadGrains adds, this is known here.
        if (!services.IsService(typeof(KnownEdges)))
        {
            throw new OrleansConfigurationException(
                "The silo has AddKadEdge(…) without the DHT's grains: add UseKadGrains() of the package KadOrleans.Grains to it.");
        }
    }
}
