namespace KadOrleans.Tests.Cli;

/// <summary>The file of tokens, as <c>kad token</c> keeps it.</summary>
public sealed class TokenCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["tokens.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Tokens_are_listed_and_one_is_removed()
    {
        await KadRun.DoneAsync("token", "add", "shop", "--file", Path);
        await KadRun.DoneAsync("token", "add", "operator", "--file", Path, "--scope", "view", "--scope", "manage", "--rate", "7");

        var list = await KadRun.DoneAsync("token", "list", "--file", Path);
        Assert.Equal(["name", "scopes", "requests a second"], list.Heads);
        Assert.Equal(["shop read 1000", "operator view, manage 7"], list.Rows.Select(row => string.Join(' ', row)));
        var json = (await KadRun.DoneAsync("token", "list", "--file", Path, "--json")).Json;
        Assert.Equal(
            $$"""{"file":"{{Path}}","tokens":[{"name":"shop","scopes":["read"],"requestsPerSecond":1000},{"name":"operator","scopes":["view","manage"],"requestsPerSecond":7}]}""",
            json.ToJsonString());

        Assert.Equal("Removed; tokens left: 1.\n", (await KadRun.DoneAsync("token", "remove", "shop", "--file", Path)).Output);
        Assert.Equal(["operator"], ApiTokens.Read("--file", Path).Select(token => token.Name));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        }
    }

    [Fact]
    public async Task A_token_goes_into_a_new_file_of_its_owner_and_a_second_run_changes_nothing()
    {
        var output = _folder["operator.token"];
        string[] add = ["add", "operator", "--file", Path, "--output", output];
        var said = await KadRun.DoneAsync(["token", .. add]);

        Assert.Equal($"The token of 'operator' is in {output}.\n", said.Output);
        var (token, tokens) = (await File.ReadAllTextAsync(output), await File.ReadAllTextAsync(Path));
        Assert.Equal(ApiToken.HashOf(token.Trim()), ApiTokens.Read("--file", Path).Single().Sha256);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(output));
        }

        await KadRun.RefusedAsync($"--file '{Path}' is unchanged: two tokens have the name 'operator'; each needs its own.", ["token", .. add]);
        await KadRun.RefusedAsync(
            $"No token was made: --output '{output}' must be a new file in a folder that can be written (",
            "token", "add", "another", "--file", Path, "--output", output);
        Assert.Equal((token, tokens), (await File.ReadAllTextAsync(output), await File.ReadAllTextAsync(Path)));

        // The other way about, a file that cannot be written leaves the file of tokens as it is.
        await KadRun.RefusedAsync(
            $"No token was made: --output '{_folder["none/a.token"]}' must be a new file in a folder that can be written (",
            "token", "add", "a", "--file", Path, "--output", _folder["none/a.token"]);
        Assert.Equal(tokens, await File.ReadAllTextAsync(Path));
        Assert.Equal([output, Path], Directory.EnumerateFiles(_folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_hash_that_cannot_be_added_is_found_before_the_token_is_written()
    {
        await KadRun.DoneAsync("token", "add", "operator", "--file", Path);
        var before = await File.ReadAllTextAsync(Path);

        // It cannot be written, and is not tried: the name is told.
        var output = _folder["none/operator.token"];
        await KadRun.RefusedAsync(
            $"--file '{Path}' is unchanged: two tokens have the name", "token", "add", "operator", "--file", Path, "--output", output);
        await KadRun.RefusedAsync(
            "--file '/none/tokens.json' is unchanged: it cannot be written (",
            "token", "add", "a", "--file", "/none/tokens.json", "--output", output);
        Directory.CreateDirectory($"{TokenFileWriter.NextOf(Path)}/full");
        await KadRun.RefusedAsync($"--file '{Path}' is unchanged: it cannot be written (", "token", "add", "a", "--file", Path, "--output", output);
        Assert.Equal(before, await File.ReadAllTextAsync(Path));
    }

    [Theory]
    [InlineData("tokens.json")]
    [InlineData("./tokens.json")]
    [InlineData("tokens.json.kad-next")]
    public async Task The_file_of_tokens_is_no_file_for_a_token(string name)
    {
        var output = System.IO.Path.Combine(_folder.Path, name);
        await KadRun.RefusedAsync(
            $"No token was made: --output '{output}' is the file of --file, or the one beside it that its next content is written to; "
            + "a file of its own is needed.",
            "token", "add", "a", "--file", Path, "--output", output);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    // As of who reads a Secret into a new file before it takes the other one's place.
    [Fact]
    public async Task A_file_beside_it_that_its_user_made_stays()
    {
        File.WriteAllText($"{Path}.new", "the user's");
        await KadRun.DoneAsync("token", "add", "a", "--file", Path);

        Assert.Equal("the user's", File.ReadAllText($"{Path}.new"));
        Assert.Equal([Path, $"{Path}.new"], Directory.EnumerateFiles(_folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_new_file_that_cannot_be_written_whole_is_not_left()
    {
        var path = _folder["a.token"];
        Assert.Throws<IOException>(() => PrivateFile.WriteNew(path, file =>
        {
            file.Write("ha"u8);
            file.Flush();
            throw new IOException("No space left on device");
        }));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));

        File.WriteAllText(path, "another's");
        Assert.Throws<IOException>(() => PrivateFile.WriteNew(path, file => file.Write("a"u8)));
        Assert.Equal("another's", File.ReadAllText(path));
    }

    // The file that has its hash is beside it.
    [Fact]
    public void A_token_stays_if_the_file_of_tokens_may_be_written_in_part()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux has a file whose disk is full.");
        var (secret, token) = ApiToken.Create("operator", [ApiScope.Read]);
        var (full, output) = (_folder["tokens.json"], _folder["operator.token"]);
        File.CreateSymbolicLink(full, "/dev/full");

        var failure = Assert.Throws<KadOrleans.Cli.CommandException>(
            () => KadOrleans.Cli.TokenOutput.Add("--file", full, token, "--output", output, secret));

        Assert.Equal(ExitCode.Failed, failure.ExitCode);
        Assert.StartsWith($"--file '{full}' may be written in part (", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            $"; '{TokenFileWriter.NextOf(full)}' has the whole: copy it there. The token is in --output '{output}'.", failure.Message, StringComparison.Ordinal);
        Assert.Equal($"{secret}\n", File.ReadAllText(output));
        Assert.Equal(token.Sha256, Assert.Single(ApiTokens.Read("--file", TokenFileWriter.NextOf(full))).Sha256);
    }

    [Fact]
    public async Task Each_mistake_is_a_sentence_and_leaves_the_file_as_it_is()
    {
        await KadRun.DoneAsync("token", "add", "shop", "--file", Path);
        var before = File.ReadAllText(Path);

        await RefusedAsync($"--file '{Path}' is unchanged: it has no token 'shpo'; its tokens are 'shop'.", "remove", "shpo", "--file", Path);
        await RefusedAsync(
            $"--file '{Path}' is unchanged: 'shop' is its only token, and servers keep to what they read before a file without any; add another one first.",
            "remove", "shop", "--file", Path);
        await RefusedAsync($"--file '{Path}' is unchanged: two tokens have the name 'shop'; each needs its own.", "add", "shop", "--file", Path);
        await RefusedAsync(
            $"--file '{Path}' is unchanged: a scope of token 'a' is 'all'; read, write, view, manage, keep are allowed.", "add", "a", "--file", Path, "--scope", "all");
        Assert.Equal(before, File.ReadAllText(Path));

        await KadRun.RefusedAsync("--file: '/none/tokens.json' cannot be read (", "token", "list", "--file", "/none/tokens.json");
        await KadRun.RefusedAsync(
            "--file '/none/tokens.json' is unchanged: it cannot be written (", "token", "remove", "a", "--file", "/none/tokens.json");
        await KadRun.RefusedAsync(
            "--file '/none/tokens.json' is unchanged: it cannot be written (", "token", "add", "a", "--file", "/none/tokens.json");
        await KadRun.RefusedAsync("Option '--file' is required; see 'kad token list --help'.", "token", "list");
        await KadRun.RefusedAsync("'lst' is not a known command of 'kad token'; did you mean 'list'?", "token", "lst");
    }

    // A server of another user reads it: `kad token remove` by root must not shut it out.
    [Fact]
    public async Task A_file_that_is_there_keeps_its_inode_and_mode_and_a_link_to_it()
    {
        await KadRun.DoneAsync("token", "add", "shop", "--file", Path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }

        // Another name of the same file.
        using var shell = new OperatorsShell();
        shell.Run($"ln {Path} {_folder["same.json"]}");
        var link = _folder["link.json"];
        File.CreateSymbolicLink(link, Path);
        await KadRun.DoneAsync("token", "add", "operator", "--file", link);
        await KadRun.DoneAsync("token", "remove", "shop", "--file", link);

        Assert.Equal(["operator"], ApiTokens.Read("--file", Path).Select(token => token.Name));
        Assert.Equal(File.ReadAllText(Path), File.ReadAllText(_folder["same.json"]));
        Assert.Equal(Path, new FileInfo(link).LinkTarget);
        Assert.Equal([link, _folder["same.json"], Path], Directory.EnumerateFiles(_folder.Path).Order(StringComparer.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Path));
        }
    }

    [Fact]
    public async Task A_file_stays_as_it_is_if_the_whole_next_one_cannot_be_written_beside_it()
    {
        await KadRun.DoneAsync("token", "add", "shop", "--file", Path);
        var before = File.ReadAllText(Path);
        Directory.CreateDirectory($"{TokenFileWriter.NextOf(Path)}/full");

        await KadRun.RefusedAsync($"--file '{Path}' is unchanged: it cannot be written (", "token", "add", "a", "--file", Path);
        Assert.Equal(before, File.ReadAllText(Path));
    }

    private static Task<KadRun> RefusedAsync(string sentence, params string[] args) =>
        KadRun.FailAsync(ExitCode.WrongUsage, sentence, ["token", .. args]);
}
