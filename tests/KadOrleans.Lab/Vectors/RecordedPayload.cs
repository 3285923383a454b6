namespace KadOrleans.Lab;

/// <summary>A decoded MessagePack object as the recording notes it.</summary>
public readonly struct RecordedPayload(JsonElement json)
{
    public bool IsArray => json.ValueKind == JsonValueKind.Array;

    public bool IsMap => Has("map");

    public bool IsNil => Has("nil");

    public IReadOnlyList<RecordedPayload> Items =>
        [.. (IsMap ? json.GetProperty("map") : json).EnumerateArray().Select(item => new RecordedPayload(item))];

    public string Text => json.TryGetProperty("str", out var text)
        ? text.GetString()!
        : string.Concat(Enumerable.Repeat(json.GetProperty("str_repeat").GetString(), json.GetProperty("count").GetInt32()));

    public byte[] Binary => json.TryGetProperty("bin", out var hex)
        ? Convert.FromHexString(hex.GetString()!)
        : RecordedDatagram.Repeat(json.GetProperty("bin_repeat"), json.GetProperty("count"));

    public Int128 Integer => Int128.Parse(json.GetProperty("int").GetString()!, CultureInfo.InvariantCulture);

    public double Float => Convert.FromHexString(json.GetProperty("bits").GetString()!) switch
    {
        { Length: sizeof(float) } single => BinaryPrimitives.ReadSingleBigEndian(single),
        var whole => BinaryPrimitives.ReadDoubleBigEndian(whole),
    };

    public bool Boolean => json.GetProperty("bool").GetBoolean();

    public NodeId ToNodeId() => new(Binary);

    public static UdpEndpoint ToEndpoint(RecordedPayload address, RecordedPayload port) =>
        AddressText.TryParse(address.Text, (ushort)port.Integer, out var endpoint)
            ? endpoint
            : throw new FormatException($"{address.Text} is no address.");

    /// <summary>A value of one of the five types, or <c>default</c> for anything else.</summary>
    public DhtValue ToValue()
    {
        if (IsArray)
        {
            return default;
        }

        return json.EnumerateObject().First().Name switch
        {
            "str" or "str_repeat" => DhtValue.FromString(Text),
            "bin" or "bin_repeat" => DhtValue.FromBytes(Binary),
            "int" => DhtValue.FromInteger(Integer),
            "float" => DhtValue.FromFloat(Float),
            "bool" => DhtValue.FromBoolean(Boolean),
            _ => default,
        };
    }

    public override string ToString() => json.ToString();

    private bool Has(string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out _);
}
