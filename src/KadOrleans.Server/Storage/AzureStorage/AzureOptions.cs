namespace KadOrleans.Server;

/// <summary>Where a cluster on Azure Storage keeps its grains' state.</summary>
internal enum AzureGrains
{
    /// <summary>A blob for each record. A write costs some 200 times that of a table.</summary>
    Blobs,

    /// <summary>An entity for each record: at most 15 properties of 64 KiB.</summary>
    Tables,
}

/// <summary>How Azure Storage is reached, and what of it has the grains' state.</summary>
internal sealed class AzureOptions
{
    public const string Section = "Azure";

    /// <summary>In place of the addresses.</summary>
    public string? ConnectionString { get; set; }

    public string? BlobServiceUri { get; set; }

    public string? TableServiceUri { get; set; }

    /// <summary>Blobs by default.</summary>
    public AzureGrains GrainStorage { get; set; }
}
