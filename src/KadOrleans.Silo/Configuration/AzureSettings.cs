namespace KadOrleans.Silo.Configuration;

/// <summary>How Azure Storage is reached: by a connection string, or by its addresses and the process' own identity.</summary>
/// <param name="ConnectionString">Null if the addresses are given.</param>
/// <param name="BlobServiceUri">Null if the connection string is given.</param>
/// <param name="TableServiceUri">Null if the connection string is given.</param>
internal sealed record AzureSettings(string? ConnectionString, Uri? BlobServiceUri, Uri? TableServiceUri)
{
    public override string ToString() => BlobServiceUri?.Host ?? "by connection string";
}
