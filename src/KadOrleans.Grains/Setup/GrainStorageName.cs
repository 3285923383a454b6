namespace KadOrleans.Grains;

/// <summary>The name of the grains' storage provider.</summary>
public static class GrainStorageName
{
    /// <summary>The name under which the silo registers its <c>IGrainStorage</c> for all grains of this project.</summary>
    public const string Kad = "Kad";
}
