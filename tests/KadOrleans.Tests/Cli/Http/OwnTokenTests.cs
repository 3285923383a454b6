using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Cli;

public sealed class OwnTokenTests : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_token_that_cannot_be_written_now_is_written_later()
    {
        using var log = new StringWriter();
        using var loggers = LoggerFactory.Create(logging => logging.UseConsoleLog(log, verbose: false));
        var token = new OwnToken(_folder["data"]);
        token.Write("--data", loggers.CreateLogger<OwnToken>(), _clock);
        _clock.Advance(Retry);
        Assert.Matches("^[^\n]+ warning The API's own token could not be written to [^\n]+\n$", log.ToString());

        Directory.CreateDirectory(_folder["data"]);
        _clock.Advance(Retry);
        Assert.Equal(token.Token.Sha256, ApiToken.HashOf(File.ReadAllText(token.Path).Trim()));
        Assert.Null(_clock.NextDue);
        Assert.EndsWith($"The API's own token is in {token.Path} now\n", log.ToString(), StringComparison.Ordinal);

        token.Remove();
        Assert.False(File.Exists(token.Path));
    }

    [Fact]
    public void A_server_that_has_stopped_writes_no_token()
    {
        var token = new OwnToken(_folder["data"]);
        token.Write("--data", NullLogger.Instance, _clock);
        token.Remove();
        Directory.CreateDirectory(_folder["data"]);
        _clock.Advance(Retry);

        Assert.False(File.Exists(token.Path));
    }

    // Users append paths to it, as docs/http.md does.
    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080/", "http://127.0.0.1:8080")]
    [InlineData("https://0.0.0.0:8443", "https://127.0.0.1:8443")]
    [InlineData("http://[::]:8080", "http://[::1]:8080")]
    public void The_url_in_the_data_folder_takes_a_path(string url, string written)
    {
        new OwnToken(_folder.Path).WriteUrl(url);

        Assert.Equal($"{written}\n", File.ReadAllText(_folder[OwnToken.UrlFileName]));
    }

    [Fact]
    public void A_token_that_this_user_may_not_write_is_a_mistake()
    {
        // In its place is a folder.
        Directory.CreateDirectory(_folder[OwnToken.FileName]);
        var mistake = Assert.Throws<OptionsValidationException>(() => new OwnToken(_folder.Path).Write("--data", NullLogger.Instance, _clock));

        Assert.StartsWith("--data: the token of the API cannot be written to '", Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }
}
