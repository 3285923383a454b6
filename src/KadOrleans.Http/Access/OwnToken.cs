namespace KadOrleans.Http;

/// <summary>
/// A server's own token in its data folder. It is new with each start and has all scopes: for whoever may read that folder. Safe for
/// several threads.
/// </summary>
internal sealed class OwnToken(string folder)
{
    /// <summary>The file in the data folder. It has the token itself, so only the server's user may read it.</summary>
    public const string FileName = "http-token";

    /// <summary>The file beside it with the server's URL, for commands that are given the folder alone.</summary>
    public const string UrlFileName = "http-url";

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private readonly (string Secret, ApiToken Token) _created = ApiToken.Create("data folder", ApiScope.All, ApiToken.MaxRate);

    // Guards the file, and the timer that is set while it could not be written.
    private readonly Lock _gate = new();
    private ITimer? _retry;

    public string Path { get; } = System.IO.Path.Combine(folder, FileName);

    private string UrlPath => System.IO.Path.Combine(folder, UrlFileName);

    /// <summary>What the server is told of it.</summary>
    public ApiToken Token => _created.Token;

    /// <summary>
    /// Replaces the file. Call it when no other process can use the data folder, as that one's token would be lost. On a full or failing
    /// disk it is written later, every ten seconds until that works.
    /// </summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">This user may not write it.</exception>
    public void Write(string setting, ILogger logger, TimeProvider? time = null)
    {
        lock (_gate)
        {
            try
            {
                Write();
            }
            catch (UnauthorizedAccessException e)
            {
                throw KadSettings.Mistake($"{setting}: the token of the API cannot be written to '{Path}' ({Phrases.Of(e.Message)}).");
            }
            catch (IOException e)
            {
                logger.TokenNotWritten(Path, Phrases.Of(e.Message));
                _retry = (time ?? TimeProvider.System).CreateTimer(_ => Retry(logger), null, RetryInterval, RetryInterval);
            }
        }
    }

    /// <summary>
    /// Says beside the token where the server is, without a slash at its end, as a path follows. Of a server on all addresses it is that of
    /// loopback. Never fails: a command can be told by its option.
    /// </summary>
    public void WriteUrl(string url)
    {
        var builder = new UriBuilder(url);
        builder.Host = builder.Host switch
        {
            "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            var host => host,
        };
        var address = builder.Uri.ToString().TrimEnd('/');
        lock (_gate)
        {
            try
            {
                File.Delete(UrlPath);
                PrivateFile.WriteNew(UrlPath, file => file.Write(System.Text.Encoding.UTF8.GetBytes($"{address}\n")));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The disk may be full. A command can be told the address by its option.
            }
        }
    }

    /// <summary>Removes the files, which are of no use once the server has stopped. Never fails.</summary>
    public void Remove()
    {
        lock (_gate)
        {
            _retry?.Dispose();
            _retry = null;
            try
            {
                File.Delete(Path);
                File.Delete(UrlPath);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next start replaces it.
            }
        }
    }

    private void Retry(ILogger logger)
    {
        lock (_gate)
        {
            if (_retry is null)
            {
                return;
            }

            try
            {
                Write();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The first failure was logged, and it is tried again.
                return;
            }

            _retry.Dispose();
            _retry = null;
            logger.TokenWritten(Path);
        }
    }

    private void Write()
    {
        // A file that was there keeps its mode, so it goes first.
        File.Delete(Path);
        var file = PrivateFile.CreateNew(Path);
        try
        {
            using var writer = new StreamWriter(file);
            writer.WriteLine(_created.Secret);
        }
        catch
        {
            // On a full disk an empty file stays, which would be taken for a token.
            file.Dispose();
            File.Delete(Path);
            throw;
        }
    }
}

/// <summary>The log messages of a server's own token: docs/telemetry.md, Events.</summary>
internal static partial class OwnTokenLog
{
    [LoggerMessage(8130, LogLevel.Warning, "The API's own token could not be written to {Path}, and is tried again every 10 s; until then only other tokens can be used: {Reason}")]
    public static partial void TokenNotWritten(this ILogger logger, string path, string reason);

    [LoggerMessage(8131, LogLevel.Information, "The API's own token is in {Path} now")]
    public static partial void TokenWritten(this ILogger logger, string path);
}
