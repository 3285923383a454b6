using KadOrleans.Testing.Conditions;
using KadOrleans.Silo.Tests.Storage;
using Orleans.Storage;

namespace KadOrleans.Full.Tests.AzureStorage;

/// <summary>Azure's blobs, as a silo uses them.</summary>
[Needs(Need.Azurite)]
public sealed class AzureBlobGrainStorageTests(AzureBlobSilo silo) : GrainStorageConformance, IClassFixture<AzureBlobSilo>
{
    protected override IGrainStorage Storage => silo.Storage;
}
