using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Testing;

/// <summary>
/// The emulator of Azure Storage on loopback, with everything in memory: what it holds ends with its process. The environment variable <c>KAD_TEST_AZURITE</c>
/// names its executable, as npm installs it.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    // Azurite's own account, the same everywhere.
    private const string Account = "devstoreaccount1";
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private AzuriteServer(Process process) => _process = process;

    public static bool IsThere => File.Exists(Executable);

    public string ConnectionString { get; private set; } = string.Empty;

    private static string? Executable => Environment.GetEnvironmentVariable("KAD_TEST_AZURITE");

    public static async Task<AzuriteServer> StartAsync()
    {
        var start = new ProcessStartInfo(Executable!) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Path.GetTempPath() };
        foreach (var arg in (string[])[
            "--blobPort", "0", "--queuePort", "0", "--tablePort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"])
        {
            start.ArgumentList.Add(arg);
        }

        var server = new AzuriteServer(Process.Start(start)!);
        try
        {
            using var deadline = new CancellationTokenSource(Longest);
            var blobs = await server.AddressAsync("Blob", deadline.Token);
            var tables = await server.AddressAsync("Table", deadline.Token);
            server.ConnectionString = $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};"
                + $"BlobEndpoint={blobs}/{Account};TableEndpoint={tables}/{Account}";
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        // What it writes from now on is read by nobody, and a full pipe would stop it.
        _ = server._process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return server;
    }

    public Task HangAsync() => SignalAsync("STOP");

    public Task ContinueAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    // It says where it listens for blobs, queues and tables, in this order.
    private async Task<string> AddressAsync(string service, CancellationToken cancellationToken)
    {
        var beginning = $"Azurite {service} service is successfully listening at ";
        while (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return line[beginning.Length..];
            }
        }

        throw new InvalidOperationException($"Azurite ended without a line '{beginning}'.");
    }
}
