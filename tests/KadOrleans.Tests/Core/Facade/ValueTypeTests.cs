using System.Text.Json.Serialization.Metadata;

namespace KadOrleans.Tests.Core;

/// <summary>What the compiler says to types that are values, and to those that are none.</summary>
public sealed class ValueTypeTests : FolderTests
{
    private const string Refusal =
        "'A value is a string, whole number up to Int128, float, double, bool, byte[], ReadOnlySpan<byte>, ReadOnlyMemory<byte> or DhtValue. "
        + "SetJsonAsync stores anything else as JSON, by its JsonTypeInfo. If it is one of these, LangVersion is below 13, which is needed.'";

    [Fact]
    public async Task A_type_that_is_no_value_is_refused_with_what_to_call_and_the_others_compile()
    {
        string[] values =
        [
            "\"text\"", "42", "(short)42", "42L", "42u", "42UL", "(nuint)42", "(byte)42", "(Int128)42", "1.5", "1.5f", "true", "new byte[3]",
            "new ReadOnlyMemory<byte>(new byte[3])", "\"text\"u8", "DhtValue.FromInteger(1)", "default",
            "DhtValue.FromInteger(1).AsInteger()", "DhtValue.FromInteger(1).AsBytes()",
        ];
        string[] others = ["new List<string>()", "new object()", "DateTime.Now", "Guid.NewGuid()", "1.5m", "new[] { 1 }", "('a', 1)"];
        string[] calls =
        [
            "dht.SetAsync(\"key\", {0})", "dht.SetAsync(\"key\", {0}, token)", "dht.SetAsync(\"key\", {0}, SetAcknowledgement.Durable)",
            "dht.SetAsync(\"key\", {0}, SetAcknowledgement.Durable, token)", "dht.SetAsync(NodeId.FromKey(\"key\"), {0})",
            "dht.SetAsync(\"key\", {0}, TimeSpan.FromHours(1))", "dht.SetAsync(NodeId.FromKey(\"key\"), {0}, TimeSpan.FromHours(1), token)",
            "dht.SetAsync(NodeId.FromKey(\"key\"), {0}, SetAcknowledgement.Durable)", "dht.SetIfAsync(\"key\", {0}, ValueVersion.Nothing)",
            "dht.SetIfAsync(NodeId.FromKey(\"key\"), {0}, ValueVersion.Nothing)", "dht.SetIfAsync(\"key\", {0}, ValueVersion.Nothing, callId: 7)",
        ];
        var good = Calls(values).ToList();
        good.AddRange(["await dht.GetSignedAsync(new byte[32], default);", "_ = dht.WatchSignedAsync(new byte[32], default);"]);
        var bad = Calls(others).ToList();

        Assert.Equal(string.Empty, await CompileAsync(good));
        Assert.Contains("'A character is no value: ", await CompileAsync(["await dht.SetAsync(\"key\", 'c');"]), StringComparison.Ordinal);
        var lines = (await CompileAsync(bad)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(bad.Count, lines.Length);
        Assert.All(lines, line => Assert.True(
            line.Contains("error CS0619", StringComparison.Ordinal) && line.Contains(Refusal, StringComparison.Ordinal), line));

        IEnumerable<string> Calls(string[] types) =>
            from type in types from call in calls select $"await {string.Format(CultureInfo.InvariantCulture, call, type)};";
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[")]
    [InlineData("1")]
    public void What_a_stranger_stored_and_the_type_refuses_is_no_JSON_of_it(string text)
    {
        var type = (JsonTypeInfo<IFormattable>)JsonSerializerOptions.Default.GetTypeInfo(typeof(IFormattable));
        var refused = Assert.Throws<InvalidOperationException>(() => DhtValue.FromString(text).AsJson(type));
        Assert.StartsWith("The value is no JSON of IFormattable: ", refused.Message, StringComparison.Ordinal);
    }

    // By the compiler of the SDK that built this test, against what the test itself runs on.
    private async Task<string> CompileAsync(IEnumerable<string> statements)
    {
        var source = Path.Combine(Folder, "program.cs");
        await File.WriteAllTextAsync(
            source,
            $$"""
            using System;
            using System.Collections.Generic;
            using System.Threading;
            using System.Threading.Tasks;
            using KadOrleans;
            using KadOrleans.Core;
            using KadOrleans.Core.Values;

            static class Program
            {
                static async Task RunAsync(IDht dht, CancellationToken token)
                {
                    {{string.Join("\n", statements)}}
                }
            }
            """,
            TestContext.Current.CancellationToken);
        var arguments = Path.Combine(Folder, "program.rsp");
        var assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        await File.WriteAllLinesAsync(
            arguments,
            assemblies.Select(assembly => $"-r:\"{assembly}\"").Prepend("-nologo -target:library -nullable:enable").Append($"\"{source}\""),
            TestContext.Current.CancellationToken);
        var (_, output) = await Sdk.RunAsync("dotnet", Folder, "exec", CompilerPath(), "-noconfig", $"@{arguments}", $"-out:{Path.Combine(Folder, "program.dll")}");
        return output;
    }

    private static string CompilerPath()
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var sdks = Directory.GetDirectories(Path.Combine(root, "sdk"), "10.*").Order(StringComparer.Ordinal);
        return Path.Combine(sdks.Last(), "Roslyn", "bincore", "csc.dll");
    }
}
