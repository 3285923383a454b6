namespace KadOrleans.Tests.Cli;

public sealed class StateCommandTests : FolderTests
{
    private const string Id = "356a192b7913b04c54574d18c28d46e6395428ab";
    private const string Times = "\"storedAt\":\"2026-01-02T03:04:05.678Z\",\"expiresAt\":\"2999-01-01T00:00:00.000Z\"";

    private string Data => Path.Combine(Folder, "data");

    private string Database => Path.Combine(Data, "kad.db");

    [Fact]
    public async Task An_export_follows_links_keeps_the_mode_of_a_file_and_goes_into_a_pipe()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await ImportedAsync(State(Value("a1", "int", "1")));
        var (file, link, pipe) = (Path.Combine(Folder, "state.json"), Path.Combine(Folder, "link.json"), Path.Combine(Folder, "pipe"));
        var read = KadRun.ReadPipe(pipe);
        await KadRun.DoneAsync("state", "export", pipe, "--data", Data);
        Assert.Contains("kad-state", await read, StringComparison.Ordinal);
        File.WriteAllText(file, "old");
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.SetUnixFileMode(file, Mode);
        File.CreateSymbolicLink(link, file);

        await KadRun.DoneAsync("state", "export", link, "--data", Data);

        Assert.Equal(file, File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName);
        Assert.Contains("kad-state", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(Mode, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task An_export_is_its_users_alone_also_where_an_earlier_one_was_left_unfinished()
    {
        await ImportedAsync(State(Value("a1", "int", "1")));
        var file = Path.Combine(Folder, "state.json");
        File.WriteAllText(file + ".partial", "others may read this");

        await KadRun.DoneAsync("state", "export", file, "--data", Data);

        FileModes.AssertOwnersAlone(file);
        FileModes.AssertOwnersAlone(Data);
    }

    [Fact]
    public async Task A_damaged_folder_is_exported_with_salvage_alone_and_stays_as_it_is()
    {
        await ImportedAsync(State(Value("a1", "string", "\"a text that can be found\"")));
        var bytes = File.ReadAllBytes(Database);
        var place = bytes.AsSpan().IndexOf("can be found"u8);
        Assert.True(place > 0);
        bytes[place] ^= 4;
        File.WriteAllBytes(Database, bytes);
        var file = Path.Combine(Folder, "rest.json");

        var refused = await KadRun.RunAsync("state", "export", file, "--data", Data);
        Assert.Equal(ExitCode.WrongUsage, refused.ExitCode);
        Assert.Contains("--salvage", refused.Error, StringComparison.Ordinal);
        var salvaged = await KadRun.RunAsync("state", "export", file, "--data", Data, "--salvage");

        Assert.Equal(ExitCode.Failed, salvaged.ExitCode);
        Assert.Contains("1 keys are known to be lost, 0 are left", salvaged.Error, StringComparison.Ordinal);
        Assert.Contains(Id, File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(Database));
        Assert.Equal([Database], Directory.EnumerateFiles(Data));
    }

    [Fact]
    public async Task A_folder_of_which_nothing_can_be_read_is_refused_with_salvage_too()
    {
        await ImportedAsync(State(Value("a1", "string", "\"lost\"")));
        var bytes = File.ReadAllBytes(Database);
        bytes.AsSpan((bytes[16] << 8) | bytes[17]).Clear();
        File.WriteAllBytes(Database, bytes);

        await KadRun.RefusedAsync($"--data: nothing in '{Data}' can be read.", "state", "export", Path.Combine(Folder, "none.json"), "--data", Data, "--salvage");
        Assert.False(File.Exists(Path.Combine(Folder, "none.json")));
    }

    [Fact]
    public async Task What_was_exported_comes_back_in_another_folder()
    {
        var state = State(
            Value("a1", "string", "\"line\\nbreak and \\u0000 and ü\""),
            Value("a2", "int", "18446744073709551615"),
            Value("a3", "int", "-9223372036854775808"),
            Value("a4", "float", "0.1"),
            Value("a5", "float", "\"-Infinity\""),
            Value("a6", "bool", "true"),
            Value("a7", "bytes", "\"00ff\""));
        var imported = (await ImportedAsync(state, "--json")).Json;
        Assert.Equal((7, 1, Id), ((int)imported["imported"]!, (int)imported["contacts"]!, (string?)imported["id"]));

        // The name of a file is a stranger's text too.
        var file = Path.Combine(Folder, "a\u001b[2J\u202e");
        var run = await KadRun.DoneAsync("state", "export", file, "--data", Data);
        Assert.EndsWith("a␛[2J<U+202E>" + Environment.NewLine, run.Output, StringComparison.Ordinal);
        await KadRun.DoneAsync("state", "import", file, "--data", Path.Combine(Folder, "other"));
        Assert.Equal(Sorted(state), await ExportedAsync(Data));
        Assert.Equal(Sorted(state), await ExportedAsync(Path.Combine(Folder, "other")));
    }

    [Fact]
    public async Task Another_nodes_folder_is_refused_unless_forced()
    {
        await ImportedAsync(State());
        var other = State().Replace(Id, new string('b', 40), StringComparison.Ordinal);
        var refused = await ImportAsync(other);

        Assert.Equal(ExitCode.WrongUsage, refused.ExitCode);
        Assert.Contains(Id, refused.Error, StringComparison.Ordinal);
        Assert.Contains("--force", refused.Error, StringComparison.Ordinal);
        Assert.Equal(Id, await IdAsync());
        await ImportedAsync(other, "--force");
        Assert.Equal(new string('b', 40), await IdAsync());

        async Task<string?> IdAsync() => (string?)(await KadRun.DoneAsync("state", "export", "-", "--data", Data)).Json["id"];
    }

    [Fact]
    public async Task Expired_older_and_overlong_values_are_left_out_and_counted()
    {
        await ImportedAsync(State(Value("01", "int", "1")));
        var run = await ImportAsync(
            State(
                Value("01", "int", "2").Replace("2026-01", "2025-01", StringComparison.Ordinal),
                Value("02", "int", "3").Replace("2999-01", "2026-02", StringComparison.Ordinal),
                Value("03", "string", $"\"{new string('x', 8_138)}\""),
                Value("04", "int", "4")),
            "--json");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.All(["imported", "older", "expired", "refused"], name => Assert.Equal(1, (int)run.Json[name]!));
        Assert.Equal(Sorted(State(Value("01", "int", "1"), Value("04", "int", "4"))), await ExportedAsync(Data));
    }

    [Theory]
    [InlineData("notes", "")]
    [InlineData("[]", "it is not a JSON object")]
    [InlineData("{\"format\":\"kad-notes\",\"version\":1}", "its format is 'kad-notes'")]
    [InlineData("{\"format\":\"kad-state\",\"version\":2}", "its version is '2'")]
    [InlineData("{\"id\":null,\"format\":\"kad-state\",\"version\":1}", "does not begin")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"id\":\"12\"}", "'12' is not a valid id")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"more\":1}", "'more' is not a part of it")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"contacts\":[1]}", "something other than a list of objects")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"contacts\":[{\"id\":\"356a192b7913b04c54574d18c28d46e6395428ab\",\"ip\":\"1.2.3.4\",\"port\":0}]}", "'0'")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"values\":[{\"key\":\"356a192b7913b04c54574d18c28d46e6395428ab\",\"type\":\"int\",\"value\":1.5}]}", "not of its type, 'int'")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"values\":[{\"key\":\"356a192b7913b04c54574d18c28d46e6395428ab\",\"type\":\"int\",\"value\":{}}]}", "not a plain value")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"values\":7}", "something other than a list of objects")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"values\":[]} more", "")]
    public async Task A_file_that_is_no_state_is_refused_and_nothing_is_written(string content, string sentence)
    {
        var run = await ImportAsync(content);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.StartsWith("'-' is not a kad-state file of version 1: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.False(Directory.Exists(Data));
    }

    [Theory]
    [InlineData("{\"format\":\"NAME\",\"version\":1}")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"NAME\":1}")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"id\":\"NAME\"}")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"values\":[{\"key\":\"356a192b7913b04c54574d18c28d46e6395428ab\",\"type\":\"NAME\"}]}")]
    [InlineData("{\"format\":\"kad-state\",\"version\":1,\"contacts\":[{\"ip\":\"NAME\"}]}")]
    public async Task A_name_in_a_file_is_shown_short_and_with_its_invisible_characters_visible(string content)
    {
        var name = "\\u001b]0;owned\\u0007\u202e\u200b" + new string('x', 100_000);
        var run = await ImportAsync(content.Replace("NAME", name, StringComparison.Ordinal));

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        var sentence = Assert.Single(run.Error.TrimEnd().Split(Environment.NewLine));
        Assert.Contains("'␛]0;owned␇<U+202E><U+200B>xxx", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(sentence.EnumerateRunes(), VisibleText.IsInvisible);
        Assert.InRange(sentence.Length, 1, 400);
    }

    private static string Value(string key, string type, string value) =>
        $"{{\"key\":\"{key.PadLeft(40, '0')}\",\"type\":\"{type}\",\"value\":{value},{Times},\"version\":1700000000000000,\"source\":\"{new string('0', 32)}\"}}";

    private static string State(params string[] values) =>
        $"{{\"format\":\"kad-state\",\"version\":1,\"id\":\"{Id}\",\"contacts\":[{{\"id\":\"{new string('c', 40)}\",\"ip\":\"127.0.0.1\",\"port\":8468}}],"
        + $"\"values\":[{string.Join(',', values)}]}}";

    private static async Task<string[]> ExportedAsync(string folder) =>
        Sorted((await KadRun.DoneAsync("state", "export", "-", "--data", folder)).Output);

    // Parts in no order; numbers as they are written, or the largest would be rounded in the comparison.
    private static string[] Sorted(string state)
    {
        using var document = System.Text.Json.JsonDocument.Parse(state);
        var values = document.RootElement.GetProperty("values").EnumerateArray()
            .Select(value => string.Join(';', value.EnumerateObject().Select(p =>
                $"{p.Name}={(p.Value.ValueKind == System.Text.Json.JsonValueKind.String ? p.Value.GetString() : p.Value.GetRawText())}")));
        return [document.RootElement.GetProperty("contacts").GetRawText(), .. values.Order(StringComparer.Ordinal)];
    }

    private Task<KadRun> ImportAsync(string content, params string[] options) =>
        KadRun.RunAsync(Encoding.UTF8.GetBytes(content), false, ["state", "import", "-", "--data", Data, .. options]);

    private async Task<KadRun> ImportedAsync(string content, params string[] options)
    {
        var run = await ImportAsync(content, options);
        Assert.Equal((ExitCode.Done, string.Empty), (run.ExitCode, run.Error));
        return run;
    }
}
