namespace KadOrleans.Lab;

/// <summary>
/// The emulator of Azure Storage on loopback, with everything in memory: what it holds ends with its process. The environment variable <c>KAD_TEST_AZURITE</c>
/// names its executable, as npm installs it.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    // Azurite's own account, the same everywhere.
    private const string Account = "devstoreaccount1";
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly ChildProcess _process;

    private AzuriteServer(ChildProcess process, string connection) => (_process, ConnectionString) = (process, connection);

    public static bool IsThere => File.Exists(Executable);

    public string ConnectionString { get; }

    private static string? Executable => Environment.GetEnvironmentVariable("KAD_TEST_AZURITE");

    public static async Task<AzuriteServer> StartAsync()
    {
        string[] args =
        [
            "--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
            "--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry",
        ];
        var process = ChildProcess.Start(new ProcessStartInfo(Executable!, args) { WorkingDirectory = Path.GetTempPath() });
        try
        {
            var (blobs, tables) = (await AddressAsync(process, "Blob"), await AddressAsync(process, "Table"));
            return new AzuriteServer(
                process,
                $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};"
                + $"BlobEndpoint={blobs}/{Account};TableEndpoint={tables}/{Account}");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public Task HangAsync() => _process.SignalAsync("STOP");

    public Task ContinueAsync() => _process.SignalAsync("CONT");

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    // It says where it listens for blobs, queues and tables, in this order.
    private static async Task<string> AddressAsync(ChildProcess process, string service)
    {
        var beginning = $"Azurite {service} service is successfully listening at ";
        return (await process.LineAsync(beginning))[beginning.Length..];
    }
}
