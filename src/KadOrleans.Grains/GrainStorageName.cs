namespace KadOrleans.Grains;

/// <summary>What the grains' storage provider is called.</summary>
public static class GrainStorageName
{
    /// <summary>The name under which the silo registers its <c>IGrainStorage</c> for all grains of this project.</summary>
    public const string Kad = "Kad";
}
