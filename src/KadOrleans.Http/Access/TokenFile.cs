using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Http;

/// <summary>
/// A file of tokens that is read again while the process runs. One that cannot be used, or is gone, leaves the tokens that were read before:
/// whoever may write it must not shut everybody out by a slip. <see cref="Problem"/> says so, for the process's health; the log says why. A
/// pipe is read once.
/// </summary>
internal sealed class TokenFile : IHealthCheck
{
    /// <summary>How often a server reads it: soon beside the minute that Kubernetes takes to bring a change to a pod.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const string Kept = "The tokens that were read before stay in use.";

    private readonly string _setting;
    private readonly string _path;
    private readonly IReadOnlyList<ApiToken> _others;
    // Guards what was read: a reader and requests change it.
    private readonly Lock _gate = new();
    private readonly bool _isPipe;
    private byte[] _content;
    private string? _detail;
    private volatile bool _isUnusable;

    /// <summary>Reads the file.</summary>
    /// <param name="setting">The setting that names it, for its mistakes.</param>
    /// <param name="path">The file.</param>
    /// <param name="others">Tokens that are accepted beside those of the file.</param>
    /// <exception cref="OptionsValidationException">It cannot be used. One sentence.</exception>
    public TokenFile(string setting, string path, params IReadOnlyList<ApiToken> others)
    {
        (_setting, _path, _others) = (setting, path, others);
        _content = ApiTokens.ReadBytes(setting, path, out _isPipe);
        Tokens = new ApiTokens([.. others, .. ApiTokens.Parse(setting, path, _content)]);
    }

    /// <summary>The tokens of the file and the others, as they are now.</summary>
    public ApiTokens Tokens { get; }

    /// <summary>That the file cannot be used as it is now, with nothing of what it has, as everybody may read it; null if it is in use.</summary>
    public string? Problem => _isUnusable ? $"The file of {_setting} cannot be used; the log has why. {Kept}" : null;

    /// <summary>The setting that names the file.</summary>
    public string Setting => _setting;

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>Why this process cannot change the file, as a sentence; null if it can.</summary>
    public string? FindObstacle()
    {
        try
        {
            using var file = _isPipe ? null : new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            return file is null ? $"{_setting} '{_path}' is a pipe, which is read once." : null;
        }
        catch (IOException e) when (TokenFileLock.IsTaken(e))
        {
            // Another one changes it now: a change of this one waits.
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"This server cannot write {_setting} '{_path}' ({Phrases.OfFile(_path, e)}).";
        }
    }

    /// <summary>Whether a token that is accepted is one of the file's.</summary>
    public bool Has(ApiToken token) => _others.All(other => other.Sha256 != token.Sha256);

    /// <summary>Adds a token to the file, and takes it up at once.</summary>
    /// <exception cref="OptionsValidationException">The file cannot be used as it is now.</exception>
    /// <exception cref="TokenFileException">It is no allowed token beside the others, or the file cannot be written.</exception>
    public void Add(ApiToken token, ILogger logger) => Change(() => TokenFileWriter.Add(_setting, _path, token, makes: false), logger);

    /// <summary>Removes a token from the file, and refuses it at once.</summary>
    /// <exception cref="OptionsValidationException">The file cannot be used as it is now.</exception>
    /// <exception cref="TokenFileException">There is none of this name, it is the only one, or the file cannot be written.</exception>
    public void Remove(string name, ILogger logger) => Change(() => TokenFileWriter.Remove(_setting, _path, name), logger);

    private void Change(Action change, ILogger logger)
    {
        lock (_gate)
        {
            change();
            Refresh(logger);
        }
    }

    /// <summary>Always healthy: what was read before is served. The reason is <see cref="Problem"/>.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(new Health(Health.Ready, Problem).ToResult());

    /// <summary>Reads the file again, and takes it up if it changed. It logs what is new and never fails.</summary>
    public void Refresh(ILogger logger)
    {
        if (_isPipe)
        {
            return;
        }

        lock (_gate)
        {
            Read(logger);
        }
    }

    private void Read(ILogger logger)
    {
        try
        {
            var content = ApiTokens.ReadBytes(_setting, _path, out _);
            if (!content.AsSpan().SequenceEqual(_content))
            {
                var tokens = ApiTokens.Parse(_setting, _path, content);
                Tokens.Replace([.. _others, .. tokens]);
                _content = content;
                logger.TokensTaken(_path, string.Join(", ", tokens.Select(token => VisibleText.Excerpt(token.Name))));
            }
            else if (_isUnusable)
            {
                logger.TokensUsable(_path);
            }

            (_isUnusable, _detail) = (false, null);
        }
        catch (OptionsValidationException mistake)
        {
            // Logged once. A file that is being written is read again.
            var detail = $"{mistake.Failures.First()} {Kept}";
            if (detail != _detail)
            {
                (_isUnusable, _detail) = (true, detail);
                logger.TokensKept(detail);
            }
        }
    }
}

// Reads it by a timer. Kubernetes replaces a symbolic link in the folder above the file, of which a watcher of the file is told nothing; a
// file on a network's or another machine's disk is not watched either.
internal sealed class TokenFileReader(TokenFile file, TimeProvider time, ILogger<TokenFile> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TokenFile.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            file.Refresh(logger);
        }
    }
}

/// <summary>The log messages of the tokens' file: docs/telemetry.md, Events.</summary>
internal static partial class TokenFileLog
{
    [LoggerMessage(8132, LogLevel.Information, "The tokens in {Path} changed and are in use now: {Names}")]
    public static partial void TokensTaken(this ILogger logger, string path, string names);

    [LoggerMessage(8133, LogLevel.Warning, "{Problem}")]
    public static partial void TokensKept(this ILogger logger, string problem);

    [LoggerMessage(8134, LogLevel.Information, "The tokens in {Path} can be used again, and are those in use")]
    public static partial void TokensUsable(this ILogger logger, string path);
}
