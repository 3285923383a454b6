using KadOrleans.Silo.Tests.Storage;

namespace KadOrleans.Silo.Tests.AzureStorage;

/// <summary>The class needs Azurite.</summary>
public sealed class AzuriteAttribute : StorageServerAttribute
{
    public override bool IsThere => AzuriteServer.IsThere;
}
